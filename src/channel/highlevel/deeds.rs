//! What a workflow asks of HighLevel. The contact's id is HighLevel's own.

use serde_json::{Value, json};

use super::{Highlevel, verdict};
use crate::channel::platform::{Assignee, cannot, only_read};
use crate::channel::{Deed, Place, Platform, SendError, json};
use crate::http::{Answer, Broken, Method};
use crate::model::Timestamp;

/// The version of the API for contacts and users.
const VERSION: &str = "2021-07-28";

impl Platform for Highlevel {
    fn act(
        &self,
        place: &Place<'_>,
        deed: &Deed<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<String>, SendError> {
        let contact = format!("/contacts/{}", json::query(place.contact_id));
        let ask = |method, path: &str, body: &Value| {
            let url = self.url(&format!("{contact}{path}"));
            let answer = self.change(method, &url, id, body)?;
            match answer.is_success() {
                true => Ok(answer),
                false => Err(verdict(&answer, now, &[self.token.expose()])),
            }
        };
        match deed {
            Deed::Tags { add, remove } => {
                if !add.is_empty() {
                    ask(Method::POST, "/tags", &json!({ "tags": add }))?;
                }
                if !remove.is_empty() {
                    ask(Method::DELETE, "/tags", &json!({ "tags": remove }))?;
                }
                Ok(None)
            }
            Deed::Assign(whom) => {
                let user = self.user(whom, now)?;
                ask(Method::PUT, "", &json!({ "assignedTo": user }))?;
                Ok(None)
            }
            Deed::Note(text) => {
                let answer = ask(Method::POST, "/notes", &json!({ "body": text }))?;
                Ok(id_at(&answer, "/note/id"))
            }
            Deed::Task {
                title,
                body,
                assignee,
            } => {
                let mut task = json!({
                    "title": title,
                    "body": body,
                    "dueDate": now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
                    "completed": false,
                });
                if let Some(whom) = assignee {
                    task["assignedTo"] = self.user(whom, now)?;
                }
                let answer = ask(Method::POST, "/tasks", &task)?;
                Ok(id_at(&answer, "/task/id"))
            }
            Deed::Workflow(workflow) => {
                let path = format!("/workflow/{}", json::query(workflow));
                ask(Method::POST, &path, &json!({}))?;
                Ok(None)
            }
        }
    }
}

impl Highlevel {
    fn change(&self, method: Method, url: &str, id: &str, body: &Value) -> Result<Answer, Broken> {
        let authorization = self.authorization();
        let headers = [
            ("authorization", authorization.as_str()),
            ("version", VERSION),
        ];
        json::send(&self.http, method, url, &headers, id, body)
    }

    /// The id of a user: as it is given, or by their email address.
    fn user(&self, whom: &str, now: Timestamp) -> Result<Value, SendError> {
        let person = match Assignee::of(whom) {
            Assignee::Person(id) if !id.contains(['@', ' ']) => return Ok(id.into()),
            Assignee::Person(_) => Assignee::of(whom),
            Assignee::Team(_) => {
                return Err(cannot(
                    "HighLevel hands a contact to a person, not to a team",
                ));
            }
        };
        let location = json::query(&self.settings.location_id);
        let url = self.url(&format!("/users/?locationId={location}"));
        let authorization = self.authorization();
        let headers = [
            ("authorization", authorization.as_str()),
            ("version", VERSION),
        ];
        let answer = json::get(&self.http, &url, &headers).map_err(|e| only_read(e.into()))?;
        let body = answer.json().filter(|_| answer.is_success());
        match body.as_ref().and_then(|b| b["users"].as_array()) {
            Some(users) => person.among(users),
            None => Err(only_read(verdict(&answer, now, &[self.token.expose()]))),
        }
    }
}

fn id_at(answer: &Answer, place: &str) -> Option<String> {
    let body = answer.json()?;
    Some(body.pointer(place)?.as_str()?.to_owned())
}
