//! `followup check`.

use std::io::Write;
use std::path::Path;

use crate::channel::{SendError, Senders};
use crate::compose::ai::{ModelError, Models};
use crate::compose::template::{self, Filled, TemplateError};
use crate::config::{self, Config, Environment, TemplateUse, TemplateVerdict};
use crate::error::{Failure, Outcome};
use crate::model::{Timestamp, Usage};
use crate::report::terminal::plain_lines;
use crate::workflow::Workflows;

/// Validates the configuration, renders its templates once and reads its secrets. Says what is doubtful on
/// `err` and that it is valid on `out`.
///
/// # Errors
/// [`config::Diagnostics`] with every fault at once; a secret that signs nothing; or writing fails.
pub fn run(
    file: &Path,
    environment: &Environment,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let (config, warnings) = config::check(file, environment, try_template)?;
    for (index, warning) in warnings.iter().enumerate() {
        let lead = if index == 0 { "warning:\n" } else { "\n" };
        write!(err, "{lead}{warning}")?;
    }
    if !warnings.is_empty() {
        writeln!(err)?;
    }
    look_for_keys(file, &config, environment)?;
    writeln!(
        out,
        "{} is valid: {}",
        file.display(),
        summary(&config, warnings.len())
    )?;
    Ok(Outcome::Done)
}

/// Asks each provider a harmless question and says on `out` what it answered. Nothing is sent.
///
/// # Errors
/// When the configuration cannot be read, or writing fails.
pub fn online(
    file: &Path,
    environment: &Environment,
    clock: &(dyn Fn() -> Timestamp + Sync),
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let (config, _) = config::load(file)?;
    let senders = Senders::new(&config, environment);
    let now = clock();
    let mut outcome = Outcome::Done;
    for (channel, settings) in &config.channels {
        let asked = match senders.get(*channel) {
            Ok(sender) => sender.ask(now),
            Err(reason) => Err(SendError::Credentials { reason }),
        };
        let words = match asked {
            Ok(None) => "not asked; it knows no harmless question".to_owned(),
            Ok(Some(words)) if words.is_empty() => "answers".to_owned(),
            Ok(Some(words)) => format!("answers: {words}"),
            Err(error @ (SendError::Retry { .. } | SendError::Unknown { .. })) => {
                outcome = outcome.max(Outcome::TryLater);
                format!("cannot be asked now: {error}")
            }
            Err(error) => {
                outcome = outcome.max(Outcome::Config);
                format!("refuses us: {error}")
            }
        };
        let provider = settings.provider.name();
        writeln!(out, "{channel} by {provider}: {}", plain_lines(&words))?;
    }
    let models = config.ai.as_ref();
    let models = models.map(|ai| {
        Models::new(
            ai,
            &config.certificates,
            environment,
            Usage::default(),
            clock,
        )
    });
    for (model, asked) in models.iter().flat_map(Models::greet) {
        let words = match asked {
            Ok(words) => words,
            Err(error @ ModelError::Busy { .. }) => {
                outcome = outcome.max(Outcome::TryLater);
                format!("cannot be asked now: {error}")
            }
            Err(error) => {
                outcome = outcome.max(Outcome::Config);
                format!("refuses us: {error}")
            }
        };
        writeln!(out, "{}: {}", plain_lines(&model), plain_lines(&words))?;
    }
    Ok(outcome)
}

/// A secret that can be read may still be none that signs.
fn look_for_keys(file: &Path, config: &Config, environment: &Environment) -> Result<(), Failure> {
    let senders = Senders::new(config, environment);
    let of_channels = senders.faults().into_iter().map(|(channel, words)| {
        let provider = config.channels.get(&channel).map(|c| c.provider.name());
        let provider = provider.unwrap_or_default();
        format!("[channels.{channel}.{provider}]: {words}")
    });
    let workflows = Workflows::new(config, &senders, environment).faults();
    let of_workflows = workflows
        .into_iter()
        .map(|(name, words)| format!("[workflows.{name}] webhook: {words}"));
    let faults: Vec<String> = of_channels
        .chain(of_workflows)
        .map(|fault| format!("{}: {fault}", file.display()))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Outcome::Config, faults.join("\n")))
}

fn summary(config: &Config, warnings: usize) -> String {
    let scenarios = [
        &config.policy.asked_for_time,
        &config.policy.busy,
        &config.policy.stopped_responding,
    ];
    let on = scenarios
        .iter()
        .filter(|s| s.enabled && !s.steps.is_empty())
        .count();
    let counted = [
        (on, "scenario"),
        (config.templates.len(), "template"),
        (config.workflows.len(), "workflow"),
        (config.channels.len(), "channel"),
        (config.sources.len() + config.apis.len(), "source"),
        (warnings, "warning"),
    ];
    let words: Vec<String> = counted
        .iter()
        .map(|(n, noun)| format!("{n} {noun}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    words.join(", ")
}

/// A text that takes more SMS than this is hardly meant.
const MOST_SEGMENTS: usize = 2;

pub(super) fn try_template(source: &str, purpose: TemplateUse) -> TemplateVerdict {
    let faulty = |e: TemplateError| TemplateVerdict::Faulty(e.line, e.message);
    match purpose {
        TemplateUse::Text => {
            let segments = template::check(source).and_then(|()| template::segments(source));
            segments.map_or_else(faulty, |segments| match segments {
                0..=MOST_SEGMENTS => TemplateVerdict::Good,
                more => TemplateVerdict::Long(more),
            })
        }
        TemplateUse::Variable => match template::check_variable(source) {
            Ok(Filled::Always) => TemplateVerdict::Good,
            Ok(Filled::NotForEveryone) => TemplateVerdict::Doubtful(
                "empty for contacts of whom this is not known, which WhatsApp refuses; \
                 write {{ … | default('…') }}"
                    .to_owned(),
            ),
            Err(error) => faulty(error),
        },
    }
}
