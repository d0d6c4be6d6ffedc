//! Has a step's text written.

use chrono::TimeDelta;

use super::answer::{self, Verdict};
use super::client::Question;
use super::models::{Models, NoAnswer};
use super::prompt::{self, Brief};
use crate::compose::disclosure;
use crate::compose::guard::{self, Grounds};
use crate::compose::language::Wanted;
use crate::config::{Ai, Config, Environment, Otherwise, Prose, StepText};
use crate::decide::Decision;
use crate::model::{
    CallPurpose, Draft, DraftFinding, DraftState, ModelCall, TextSource, Thread, Timestamp, Usage,
};

/// How long a draft may be sent that nobody has looked at: it speaks of a moment.
const FRESH: TimeDelta = TimeDelta::hours(4);
/// How often a model is asked for one text.
const MOST_ANSWERS: usize = 2;

/// Has texts written by the configured models. Shared by threads.
#[derive(Debug)]
pub struct Author<'c> {
    config: &'c Config,
    ai: &'c Ai,
    models: Models<'c>,
    brief: Result<Brief, String>,
    clock: Clock<'c>,
}

#[derive(Clone, Copy)]
struct Clock<'c>(&'c (dyn Fn() -> Timestamp + Sync));

impl std::fmt::Debug for Clock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// What came of having a text written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manuscript {
    /// The text, or why there is none.
    pub outcome: Outcome,
    /// The model that answered last.
    pub model: Option<String>,
    /// The language that was asked for.
    pub language: String,
    /// What was wrong with texts that were refused.
    pub findings: Vec<DraftFinding>,
    /// Every request that was made.
    pub calls: Vec<ModelCall>,
    /// [`Thread::revision`] of the thread that it was made from.
    pub revision: i64,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A text, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A text that the guard lets through.
    Text(String),
    /// The model says that nothing should be sent.
    Declined(String),
    /// No model gave a text that may be sent.
    Nothing(Lack, String),
}

/// What a text was wanting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// The budget is spent.
    Budget,
    /// No model answered.
    Answer,
    /// A model answered, and the guard or the form refused it.
    Acceptance,
}

impl Lack {
    /// The code by which events name it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Budget => "ai_budget",
            Self::Answer => "ai_silent",
            Self::Acceptance => "ai_refused",
        }
    }
}

impl<'c> Author<'c> {
    /// The author of a configuration, if it has an `[ai]`. `used_today` is what models used since the bot's
    /// midnight. Reads the files of instructions and facts; no secret yet.
    #[must_use]
    pub fn new(
        config: &'c Config,
        environment: &Environment,
        used_today: Usage,
        clock: &'c (dyn Fn() -> Timestamp + Sync),
    ) -> Option<Self> {
        let ai = config.ai.as_ref()?;
        Some(Self {
            config,
            ai,
            models: Models::new(ai, &config.certificates, environment, used_today, clock),
            brief: brief(ai),
            clock: Clock(clock),
        })
    }

    /// Whether the step's text is to be written by a model.
    #[must_use]
    pub fn writes(&self, decision: &Decision) -> bool {
        let (Some(scenario), Some(step)) = (decision.scenario, decision.step) else {
            return false;
        };
        let step = self.config.step(scenario, step);
        step.is_some_and(|step| step.text == StepText::Default) && !decision.approved_template
    }

    /// The models, for other questions.
    #[must_use]
    pub const fn models(&self) -> &Models<'c> {
        &self.models
    }

    /// What becomes of a step without a text by a model.
    #[must_use]
    pub const fn otherwise(&self, lack: Lack) -> Otherwise {
        match lack {
            Lack::Budget => self.ai.when_spent,
            Lack::Answer | Lack::Acceptance => self.ai.when_failed,
        }
    }

    /// The stored text that this step may be sent with: written for the thread as it is now, for this channel, and
    /// still standing before the guard.
    #[must_use]
    pub fn usable<'t>(
        &self,
        thread: &'t Thread,
        decision: &Decision,
        now: Timestamp,
    ) -> Option<(&'t Draft, &'t str)> {
        let mut drafts = thread.drafts.iter();
        let draft = drafts.find(|d| {
            Some(d.episode) == decision.episode
                && Some(d.step) == decision.step
                && Some(d.scenario) == decision.scenario
                && Some(d.channel) == decision.channel
        })?;
        let text = draft.text.as_deref()?;
        let is_fresh = match draft.state {
            DraftState::Ready => (draft.made_at - FRESH..=draft.made_at + FRESH).contains(&now),
            _ => false,
        };
        let stands = is_fresh
            && draft.revision == thread.revision()
            && (draft.source != TextSource::Ai
                || self.faults(text, thread, decision, now).is_empty());
        stands.then_some((draft, text))
    }

    /// What the models are asked for this step.
    ///
    /// # Errors
    /// In words, when the files of instructions or facts cannot be read.
    pub fn question(&self, thread: &Thread, decision: &Decision) -> Result<Question, String> {
        let brief = self.brief.as_ref().map_err(Clone::clone)?;
        let now = (self.clock.0)();
        Ok(prompt::question(
            brief,
            self.config,
            thread,
            decision,
            now,
            None,
        ))
    }

    /// Has a text written: one request when the first answer may be sent, else one more.
    #[must_use]
    pub fn write(&self, thread: &Thread, decision: &Decision) -> Manuscript {
        let mut manuscript = Manuscript {
            outcome: Outcome::Nothing(Lack::Answer, String::new()),
            model: None,
            language: Wanted::of(thread, self.config).tag,
            findings: Vec::new(),
            calls: Vec::new(),
            revision: thread.revision(),
            made_at: (self.clock.0)(),
        };
        manuscript.outcome = match &self.brief {
            Ok(brief) => self.ask(brief, thread, decision, &mut manuscript),
            Err(reason) => Outcome::Nothing(Lack::Answer, reason.clone()),
        };
        manuscript.made_at = (self.clock.0)();
        manuscript
    }

    fn ask(
        &self,
        brief: &Brief,
        thread: &Thread,
        decision: &Decision,
        manuscript: &mut Manuscript,
    ) -> Outcome {
        let deadline = self.models.deadline();
        let mut first = 0;
        let mut refused: Option<String> = None;
        for _ in 0..MOST_ANSWERS {
            let now = (self.clock.0)();
            let refusal = refused.as_deref();
            let question = prompt::question(brief, self.config, thread, decision, now, refusal);
            let asked = self.models.ask(
                &question,
                CallPurpose::Write,
                deadline,
                &mut first,
                &mut manuscript.calls,
            );
            let answered = match asked {
                Ok(answered) => answered,
                Err(NoAnswer::Spent(words)) => return Outcome::Nothing(Lack::Budget, words),
                // A second attempt that fails says less than what was wrong with the first.
                Err(NoAnswer::Failed(words)) => {
                    return match refused {
                        Some(refused) => Outcome::Nothing(Lack::Acceptance, refused),
                        None => Outcome::Nothing(Lack::Answer, words),
                    };
                }
                Err(NoAnswer::Unusable(words)) => {
                    manuscript.findings.push(DraftFinding {
                        kind: "unusable".to_owned(),
                        words: words.clone(),
                    });
                    refused = Some(words);
                    continue;
                }
            };
            manuscript.model = Some(answered.model.clone());
            let wrong = match answer::read(&answered.text) {
                Ok(Verdict::Decline { reason }) => {
                    self.models.was_good(&answered.model);
                    return Outcome::Declined(reason);
                }
                Ok(Verdict::Send { message }) => {
                    let faults = self.faults(&message, thread, decision, now);
                    if faults.is_empty() {
                        self.models.was_good(&answered.model);
                        let added = disclosure::by_config(self.config, thread, now);
                        return Outcome::Text(message + &added);
                    }
                    faults
                }
                Err(words) => vec![DraftFinding {
                    kind: "unusable".to_owned(),
                    words,
                }],
            };
            let place = self.models.place_of(&answered.model);
            let words = in_words(&wrong);
            self.models.was_unusable(place, &words);
            first = place + 1;
            manuscript.findings.extend(wrong);
            refused = Some(words);
        }
        Outcome::Nothing(Lack::Acceptance, refused.unwrap_or_default())
    }

    /// What is wrong with a text by a model; nothing when it may be sent.
    #[must_use]
    pub fn faults(
        &self,
        text: &str,
        thread: &Thread,
        decision: &Decision,
        now: Timestamp,
    ) -> Vec<DraftFinding> {
        let (Ok(brief), Some(channel)) = (&self.brief, decision.channel) else {
            return vec![DraftFinding {
                kind: "unusable".to_owned(),
                words: "there is nothing to compare it with".to_owned(),
            }];
        };
        let added = disclosure::by_config(self.config, thread, now);
        let text = text.strip_suffix(added.as_str()).unwrap_or(text);
        let grounds = Grounds {
            thread,
            channel,
            language: Wanted::of(thread, self.config).language,
            facts: &brief.facts,
            bot_name: &self.config.bot.name,
            instructions: &prompt::instructions(brief, self.config),
            added: &added,
            now,
        };
        let findings = guard::check(text, &grounds);
        let findings = findings.into_iter().map(|finding| DraftFinding {
            kind: finding.kind.to_string(),
            words: finding.words,
        });
        findings.collect()
    }
}

impl Manuscript {
    /// What all requests for it used together.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for call in &self.calls {
            usage += call.usage;
        }
        usage
    }

    /// The draft of a step: with the model's text or its word that there should be none, else with `instead`, which
    /// comes out where no model gave a text.
    #[must_use]
    pub fn draft(
        &self,
        decision: &Decision,
        instead: Option<(String, TextSource)>,
    ) -> Option<Draft> {
        let (state, text, source, reason) = match (&self.outcome, instead) {
            (Outcome::Text(text), _) => {
                (DraftState::Ready, Some(text.clone()), TextSource::Ai, None)
            }
            (Outcome::Declined(reason), _) => (
                DraftState::Declined,
                None,
                TextSource::Ai,
                Some(reason.clone()),
            ),
            (Outcome::Nothing(_, reason), Some((text, source))) => {
                (DraftState::Ready, Some(text), source, Some(reason.clone()))
            }
            (Outcome::Nothing(..), None) => return None,
        };
        Some(Draft {
            id: 0,
            episode: decision.episode?,
            scenario: decision.scenario?,
            step: decision.step?,
            channel: decision.channel?,
            state,
            text,
            source,
            reason: reason.filter(|reason| !reason.is_empty()),
            language: Some(self.language.clone()),
            model: self.model.clone(),
            usage: self.usage(),
            findings: self.findings.clone(),
            revision: self.revision,
            made_at: self.made_at,
            decided_at: None,
        })
    }
}

fn brief(ai: &Ai) -> Result<Brief, String> {
    let read = |prose: &Option<Prose>| prose.as_ref().map_or(Ok(String::new()), Prose::read);
    let facts = read(&ai.facts)?;
    let facts = facts
        .lines()
        .map(|line| line.trim().trim_start_matches("- ").trim())
        .filter(|line| !line.is_empty());
    Ok(Brief {
        facts: facts.map(str::to_owned).collect(),
        prompt: read(&ai.prompt)?,
    })
}

/// Findings as a model is told of them.
fn in_words(findings: &[DraftFinding]) -> String {
    let words: Vec<String> = findings
        .iter()
        .take(5)
        .map(|finding| {
            let words: String = finding.words.chars().take(80).collect();
            match words.is_empty() {
                true => finding.kind.replace('_', " "),
                false => format!("{} ({words:?})", finding.kind.replace('_', " ")),
            }
        })
        .collect();
    words.join(", ")
}
