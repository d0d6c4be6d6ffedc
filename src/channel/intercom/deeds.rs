//! What a workflow asks of Intercom, in the contact's conversation and in the configured teammate's name.

use serde_json::{Value, json};

use super::{Intercom, VERSION, accepted, conversation, verdict};
use crate::channel::platform::{Assignee, cannot, only_read};
use crate::channel::{Deed, Place, Platform, SendError, json};
use crate::http::{Answer, Method};
use crate::model::Timestamp;

impl Platform for Intercom {
    fn act(
        &self,
        place: &Place<'_>,
        deed: &Deed<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<String>, SendError> {
        let conversation = conversation(place.conversation, place.channel)?;
        let path = format!("/conversations/{conversation}");
        let change = |method, path: &str, body: &Value| self.change(method, path, body, id, now);
        match deed {
            Deed::Tags { add, remove } => {
                for tag in *add {
                    // Makes the tag, or finds it: it is the same tag each time.
                    let made = change(Method::POST, "/tags", &json!({ "name": tag }))?;
                    let tag = json::accepted(&made, "/id")?.provider_id;
                    let tag = json!({ "id": tag, "admin_id": self.admin_id });
                    change(Method::POST, &format!("{path}/tags"), &tag)?;
                }
                if !remove.is_empty() {
                    let whole = self.read(&path, now)?;
                    let tags = whole["tags"]["tags"].as_array();
                    for tag in tags.into_iter().flatten() {
                        let (id, name) = (tag["id"].as_str(), tag["name"].as_str());
                        let is_in = |list: &[String]| list.iter().any(|n| Some(n.as_str()) == name);
                        if let Some(id) = id.filter(|_| is_in(remove) && !is_in(add)) {
                            let tag = format!("{path}/tags/{}", json::query(id));
                            change(Method::DELETE, &tag, &json!({ "admin_id": self.admin_id }))?;
                        }
                    }
                }
                Ok(None)
            }
            Deed::Assign(whom) => {
                let assignee = Assignee::of(whom);
                let (list, kind) = match assignee {
                    Assignee::Person(_) => ("admins", "admin"),
                    Assignee::Team(_) => ("teams", "team"),
                };
                let everyone = self.read(&format!("/{list}"), now)?;
                let found = assignee.among(everyone[list].as_array().map_or(&[], Vec::as_slice))?;
                let body = json!({
                    "message_type": "assignment",
                    "type": kind,
                    "admin_id": self.admin_id,
                    "assignee_id": found,
                });
                change(Method::POST, &format!("{path}/parts"), &body)?;
                Ok(None)
            }
            Deed::Note(text) => {
                let note = json!({
                    "message_type": "note",
                    "type": "admin",
                    "admin_id": self.admin_id,
                    "body": text,
                });
                let answer = change(Method::POST, &format!("{path}/reply"), &note)?;
                Ok(accepted(&answer).ok().and_then(|a| a.provider_id))
            }
            Deed::Task { .. } => Err(cannot("Intercom has no tasks; write notify = [\"note\"]")),
            Deed::Workflow(_) => Err(cannot("Intercom has no workflows to start")),
        }
    }
}

impl Intercom {
    fn change(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        id: &str,
        now: Timestamp,
    ) -> Result<Answer, SendError> {
        let authorization = self.authorization();
        let headers = [
            ("authorization", authorization.as_str()),
            ("intercom-version", VERSION),
        ];
        let url = format!("{}{path}", self.base_url);
        let answer = json::send(&self.http, method, &url, &headers, id, body)?;
        match answer.is_success() {
            true => Ok(answer),
            false => Err(verdict(&answer, now, &[self.access_token.expose()])),
        }
    }

    fn read(&self, path: &str, now: Timestamp) -> Result<Value, SendError> {
        let authorization = self.authorization();
        let headers = [
            ("authorization", authorization.as_str()),
            ("intercom-version", VERSION),
        ];
        let url = format!("{}{path}", self.base_url);
        let answer = json::get(&self.http, &url, &headers).map_err(|e| only_read(e.into()))?;
        match answer.json().filter(|_| answer.is_success()) {
            Some(body) => Ok(body),
            None => Err(only_read(verdict(
                &answer,
                now,
                &[self.access_token.expose()],
            ))),
        }
    }
}
