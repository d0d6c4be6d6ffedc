//! A business whose texts a model writes, and servers that answer as models do.

use std::process::{Child, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::Desk;
use crate::server::{Recorded, Reply};

/// The time at which the first step is due.
pub(crate) const DUE: &str = "2026-03-02T08:10:00Z";

/// A text that says nothing that it must not.
pub(crate) const GOOD: &str = "Would you still like to come to the yoga class?";

/// A yoga studio. Each contact asked for the price of a class at 08:00, and our answer of 08:01 is the last word;
/// the first step is due at 08:06 and is written by a model.
pub(crate) struct Shop {
    pub(crate) desk: Desk,
}

/// What one run did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) events: Vec<Value>,
}

impl Ran {
    /// A value of the summary.
    pub(crate) fn summary(&self, key: &str) -> &Value {
        let summary = self.events.iter().rfind(|e| e["type"] == "summary");
        &summary.unwrap_or_else(|| panic!("{self:?}"))[key]
    }

    /// The events of one type.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|e| e["type"] == kind).collect()
    }
}

impl Shop {
    /// With these lines in `[ai]`, and so many contacts.
    pub(crate) fn new(ai: &str, contacts: usize) -> Self {
        Self::with("[channels.live_chat.outbox]\n", ai, contacts)
    }

    pub(crate) fn with(channels: &str, ai: &str, contacts: usize) -> Self {
        let shop = Self {
            desk: Desk::empty(),
        };
        shop.configure(channels, ai);
        let rows: String = (1..=contacts)
            .map(|n| {
                format!(
                    "c{n},live_chat,inbound,2026-03-02T08:00:00Z,\
                     \"Hi, how much is a yoga class? Call me on +34 600 100 {n:03} or mail me{n}@example.org\",\
                     Ana{n} Lopez,+34600100{n:03}\n\
                     c{n},live_chat,outbound,2026-03-02T08:01:00Z,A class is 12 euros. Shall I keep a mat for you?,,\n"
                )
            })
            .collect();
        shop.import(&rows);
        shop
    }

    pub(crate) fn configure(&self, channels: &str, ai: &str) {
        let text = format!(
            "[bot]\nname = \"Studio Luz\"\ntimezone = \"UTC\"\nlanguage = \"en\"\n\
             [scenarios.stopped_responding]\nsteps = [\n\
             {{ after = \"5m\", fallback = \"Are you still there, {{{{ contact.first_name }}}}?\" }},\n\
             {{ after = \"1h\" }},\n]\n\
             [scenarios.busy]\nsteps = [{{ after = \"5m\", text = \"Do you have a moment now?\" }}]\n\
             [limits]\nfresh_for = \"off\"\n{channels}\n[ai]\n{ai}\n"
        );
        self.desk.write("followup.toml", &text);
    }

    /// Imports rows of contact, channel, direction, time, text, name and phone.
    pub(crate) fn import(&self, rows: &str) {
        let head = "contact_id,channel,direction,sent_at,text,name,phone\n";
        self.desk.write("more.csv", &format!("{head}{rows}"));
        let seen = self.desk.run(&[
            "import",
            "more.csv",
            "--as-of=2026-03-02T08:05:00Z",
            "--now=2026-03-02T08:05:00Z",
        ]);
        assert!(seen.contains("[exit 0]"), "{seen}");
    }

    pub(crate) fn run(&self) -> Ran {
        self.run_at(DUE, &[])
    }

    pub(crate) fn run_at(&self, now: &str, more: &[&str]) -> Ran {
        finish(self.start(now, more))
    }

    pub(crate) fn start(&self, now: &str, more: &[&str]) -> Child {
        let now = format!("--now={now}");
        let arguments = [&["run", "--json", now.as_str()], more].concat();
        self.desk
            .command(80, &arguments)
            .env("MODEL_KEY", "sk-secret-key")
            .env("HOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The texts that went out, with whom they went to, in order.
    pub(crate) fn sent(&self) -> Vec<(String, String)> {
        let lines = std::fs::read_to_string(self.desk.path("outbox.jsonl")).unwrap_or_default();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .map(|line| {
                let text = |key: &str| line[key].as_str().unwrap().to_owned();
                (text("contact_id"), text("text"))
            })
            .collect()
    }

    /// The JSON lines of a command.
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.desk.command(80, arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Waits for the end of a run; one that hangs is ended, and fails the test.
pub(crate) fn finish(child: Child) -> Ran {
    let id = child.id();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        let over = is_done.recv_timeout(Duration::from_secs(120));
        if over == Err(RecvTimeoutError::Timeout) {
            let _ = std::process::Command::new("kill")
                .arg(id.to_string())
                .status();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    watch.join().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    for text in [&stdout, &stderr] {
        assert!(!text.contains("sk-secret-key"), "S1: {text}");
    }
    Ran {
        code: output
            .status
            .code()
            .expect("the run was ended, for it hung"),
        events: stdout
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect(),
    }
}

/// `[ai]` with a chat-completions server.
pub(crate) fn openai(url: &str) -> String {
    format!(
        "[ai.openai]\nbase_url = \"{url}/v1\"\nmodel = \"small\"\napi_key = {{ env = \"MODEL_KEY\" }}\n"
    )
}

/// The model's answer as it is asked for.
pub(crate) fn wrote(message: &str) -> String {
    json!({"send": true, "reason": "they went quiet", "message": message, "language": "en"})
        .to_string()
}

/// Words of a model as a chat-completions server brings them.
pub(crate) fn chat(content: &str) -> Reply {
    finished(content, "stop")
}

pub(crate) fn finished(content: &str, why: &str) -> Reply {
    let body = json!({
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": why}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20},
    });
    Reply::answer(200, body.to_string())
}

/// The body of a request, as JSON.
pub(crate) fn body(request: &Recorded) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}
