use minijinja::{Environment, UndefinedBehavior, context};

/// Compiles a template and renders it once for a sample contact; an unknown field is an error (threat S12).
///
/// # Errors
/// What is wrong with it, and what there is.
pub(super) fn check(source: &str) -> Result<(), String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let sample = context! {
        contact => context! {
            first_name => "Ana", name => "Ana Ruiz", phone => "+525512345678", email => "ana@example.com",
            language => "es", timezone => "America/Mexico_City", tags => ["new"], contact_id => "c1",
        },
        bot => context! { name => "Bot" },
    };
    let rendered = environment.render_str(source, sample).map_err(|e| {
        let detail = e
            .detail()
            .map_or_else(|| e.kind().to_string(), str::to_owned);
        format!("the template fails: {detail}")
    })?;
    match rendered.trim().is_empty() {
        true => Err("the template gives no text".to_owned()),
        false => Ok(()),
    }
}
