//! What a workflow asks of Chatwoot, in the contact's conversation.

use serde_json::{Value, json};

use super::{Chatwoot, conversation, verdict};
use crate::channel::platform::{Assignee, cannot, only_read, tags_after};
use crate::channel::{Deed, Place, Platform, SendError, json};
use crate::http::{Answer, Method};
use crate::model::Timestamp;

impl Platform for Chatwoot {
    fn act(
        &self,
        place: &Place<'_>,
        deed: &Deed<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<String>, SendError> {
        let conversation = conversation(place.conversation, place.channel)?;
        let url = format!("{}/conversations/{conversation}", self.url);
        let change = |path: &str, body: &Value| {
            let url = format!("{url}{path}");
            let headers = [("api_access_token", self.token.expose())];
            let answer = json::send(&self.http, Method::POST, &url, &headers, id, body)?;
            match answer.is_success() {
                true => Ok(answer),
                false => Err(verdict(&answer, now, &[self.token.expose()])),
            }
        };
        match deed {
            Deed::Tags { add, remove } => {
                // The list is overwritten as a whole: what others put there stays.
                let labels = self.read(&format!("{url}/labels"), now)?;
                let Some(labels) = labels["payload"].as_array() else {
                    return Err(only_read(SendError::Unknown {
                        reason: "the answer has no labels".to_owned(),
                    }));
                };
                let own: Vec<String> = labels
                    .iter()
                    .filter_map(|label| Some(label.as_str()?.to_owned()))
                    .collect();
                let merged = tags_after(&own, add, remove);
                if merged != own {
                    change("/labels", &json!({ "labels": merged }))?;
                }
                Ok(None)
            }
            Deed::Assign(whom) => {
                let assignee = Assignee::of(whom);
                let (list, key) = match assignee {
                    Assignee::Person(_) => ("agents", "assignee_id"),
                    Assignee::Team(_) => ("teams", "team_id"),
                };
                let everyone = self.read(&format!("{}/{list}", self.url), now)?;
                let found = assignee.among(everyone.as_array().map_or(&[], Vec::as_slice))?;
                change("/assignments", &json!({ key: found }))?;
                Ok(None)
            }
            Deed::Note(text) => {
                let note = json!({
                    "content": text,
                    "message_type": "outgoing",
                    "private": true,
                });
                let answer = change("/messages", &note)?;
                Ok(note_id(&answer))
            }
            Deed::Task { .. } => Err(cannot("Chatwoot has no tasks; write notify = [\"note\"]")),
            Deed::Workflow(_) => Err(cannot("Chatwoot has no workflows to start")),
        }
    }
}

impl Chatwoot {
    fn read(&self, url: &str, now: Timestamp) -> Result<Value, SendError> {
        let headers = [("api_access_token", self.token.expose())];
        let answer = json::get(&self.http, url, &headers).map_err(|e| only_read(e.into()))?;
        match answer.json().filter(|_| answer.is_success()) {
            Some(body) => Ok(body),
            None => Err(only_read(verdict(&answer, now, &[self.token.expose()]))),
        }
    }
}

fn note_id(answer: &Answer) -> Option<String> {
    Some(answer.json()?["id"].as_u64()?.to_string())
}
