//! Making a step's text: its own, a template's, or the built-in one of its scenario, in the contact's language.
//!
//! Pure: what comes out depends on the configuration, the thread and the step alone.

pub mod ai;
mod builtin;
pub mod disclosure;
pub mod guard;
mod language;
mod segments;
pub mod template;
mod tidy;
mod values;

use std::sync::OnceLock;

use minijinja::Environment;

pub use segments::sms_segments;

use crate::channel::ApprovedTemplate;
use crate::config::{Config, Step, StepText, Template};
use crate::model::{Scenario, TextSource, Thread};
use language::Wanted;
use template::TemplateError;
use values::Setting;

/// Makes the texts of one configuration. Its templates are compiled once, when the first is asked for.
#[derive(Debug)]
pub struct Composer<'c> {
    config: &'c Config,
    templates: OnceLock<Environment<'c>>,
}

/// A text that is ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The text; for an approved template, the one that is configured beside it.
    pub text: String,
    /// Where it came from.
    pub source: TextSource,
    /// The approved template to send instead, where one was asked for (rule D17).
    pub template: Option<ApprovedTemplate>,
}

/// Why a step has no text. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The configuration has no such step.
    #[error("the configuration has no step {step} of {scenario}")]
    NoStep {
        /// The scenario.
        scenario: Scenario,
        /// The step, from 1.
        step: u32,
    },
    /// The step names a template that there is not, or that has no text, or that is not approved.
    #[error("the template {name} {lacks}")]
    NoTemplate {
        /// Its name.
        name: String,
        /// What it lacks.
        lacks: &'static str,
    },
    /// A template that cannot be rendered for this contact.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A variable of the approved template has no value for this contact.
    #[error(
        "variable {number} of the approved template {name} is empty for this contact; give it a default('…')"
    )]
    EmptyVariable {
        /// The provider's name of the template.
        name: String,
        /// Which variable, from 1.
        number: usize,
    },
    /// The text came out empty for this contact.
    #[error("the text of step {step} of {scenario} is empty for this contact")]
    Empty {
        /// The scenario.
        scenario: Scenario,
        /// The step, from 1.
        step: u32,
    },
}

impl<'c> Composer<'c> {
    /// A composer for `config`.
    #[must_use]
    pub const fn new(config: &'c Config) -> Self {
        Self {
            config,
            templates: OnceLock::new(),
        }
    }

    /// The text of a step, counted from 1, for the contact of `thread`; with the approved template when the
    /// decision wants it (`approved_template`, rule D17).
    ///
    /// The language is the contact's, else the bot's; a template's is the nearest that it has: `es-MX`, `es`, the
    /// bot's, the first.
    ///
    /// # Errors
    /// When there is no such step or template, or nothing comes of it for this contact.
    pub fn compose(
        &self,
        thread: &Thread,
        scenario: Scenario,
        step: u32,
        approved_template: bool,
    ) -> Result<Composed, ComposeError> {
        let steps = self.config.scenarios.get(&scenario).map_or(0, Vec::len);
        let setting = Setting {
            bot_name: &self.config.bot.name,
            scenario,
            step,
            steps: u32::try_from(steps).unwrap_or(u32::MAX),
        };
        let Some(Step { text, fallback, .. }) = self.config.step(scenario, step) else {
            return Err(ComposeError::NoStep { scenario, step });
        };
        if approved_template && !matches!(text, StepText::Template(_)) {
            return Err(ComposeError::NoTemplate {
                name: format!("of step {step} of {scenario}"),
                lacks: "does not exist",
            });
        }
        let text = match text {
            StepText::Default => fallback,
            StepText::Custom(_) | StepText::Template(_) => text,
        };
        let (text, source, template) = match text {
            StepText::Custom(source) => {
                let text = self.render(source, thread, setting)?;
                (text, TextSource::Custom, None)
            }
            StepText::Default => (self.builtin(thread, setting), TextSource::Builtin, None),
            StepText::Template(name) => {
                let (text, template) = self.template(name, thread, setting, approved_template)?;
                (text, TextSource::Template, template)
            }
        };
        if text.trim().is_empty() {
            return Err(ComposeError::Empty { scenario, step });
        }
        Ok(Composed {
            text,
            source,
            template,
        })
    }

    fn builtin(&self, thread: &Thread, setting: Setting<'_>) -> String {
        let wanted = Wanted::of(thread, self.config);
        builtin::text(
            wanted.language.unwrap_or(self.config.bot.language),
            setting.scenario,
            (setting.step, setting.steps),
            values::first_name(&thread.contact).as_deref(),
            setting.bot_name,
        )
    }

    fn template(
        &self,
        name: &str,
        thread: &Thread,
        setting: Setting<'_>,
        approved_template: bool,
    ) -> Result<(String, Option<ApprovedTemplate>), ComposeError> {
        let lacking = |lacks| ComposeError::NoTemplate {
            name: name.to_owned(),
            lacks,
        };
        let template = self.config.templates.get(name);
        let template = template.ok_or_else(|| lacking("does not exist"))?;
        let approved = if approved_template {
            Some(self.approved(template, thread, setting)?.ok_or_else(|| {
                lacking("has no approved WhatsApp template; add whatsapp = { name = … }")
            })?)
        } else {
            None
        };
        // The text on record beside an approved template is the one in the language that is really sent.
        let language = match &approved {
            Some(approved) => approved.language.clone(),
            None => Wanted::of(thread, self.config).tag,
        };
        let source = template
            .variant(Some(&language), &self.config.bot.language_tag)
            .ok_or_else(|| lacking("has no text in any language"))?;
        Ok((self.render(source, thread, setting)?, approved))
    }

    fn approved(
        &self,
        template: &Template,
        thread: &Thread,
        setting: Setting<'_>,
    ) -> Result<Option<ApprovedTemplate>, ComposeError> {
        let Some(whatsapp) = &template.whatsapp else {
            return Ok(None);
        };
        let mut variables = Vec::with_capacity(whatsapp.variables.len());
        for (index, source) in whatsapp.variables.iter().enumerate() {
            let value = self.render(source, thread, setting)?;
            // WhatsApp refuses line breaks, tabs and runs of spaces in a variable.
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            if value.is_empty() {
                return Err(ComposeError::EmptyVariable {
                    name: whatsapp.name.clone(),
                    number: index + 1,
                });
            }
            variables.push(value);
        }
        Ok(Some(ApprovedTemplate {
            name: whatsapp.name.clone(),
            language: whatsapp.language.clone(),
            category: whatsapp.category.clone(),
            variables,
        }))
    }

    fn render(
        &self,
        source: &str,
        thread: &Thread,
        setting: Setting<'_>,
    ) -> Result<String, TemplateError> {
        let env = self.templates.get_or_init(|| self.compile());
        template::render(env, source, &thread.contact, setting)
    }

    /// All templates of the configuration, each under its own source. One that does not compile is left out, and
    /// says why when it is rendered.
    fn compile(&self) -> Environment<'c> {
        let mut env = template::environment();
        let steps = self.config.scenarios.values().flatten();
        let of_steps = steps.flat_map(|step| {
            let texts = [&step.text, &step.fallback].into_iter();
            texts.filter_map(|text| match text {
                StepText::Custom(source) => Some(source),
                StepText::Default | StepText::Template(_) => None,
            })
        });
        let of_templates = self.config.templates.values().flat_map(|template| {
            let whatsapp = template.whatsapp.iter().flat_map(|w| &w.variables);
            template.variants.values().chain(whatsapp)
        });
        for source in of_steps.chain(of_templates) {
            if env.add_template(source, source).is_err() {
                env.remove_template(source);
            }
        }
        env
    }
}

#[cfg(test)]
mod tests;
