use std::path::{Path, PathBuf};

use super::Environment;
use crate::error::{Failure, Outcome};

const NAME: &str = "followup.toml";

/// Where the configuration is: `explicit`, else `$FOLLOWUP_CONFIG`, else the first that exists of
/// `followup.toml` in `current`, `$XDG_CONFIG_HOME/followup/` (by default `~/.config/followup/`) and
/// `/etc/followup/`.
///
/// # Errors
/// [`Outcome::Config`] when there is none.
pub fn find(
    explicit: Option<&Path>,
    environment: &Environment,
    current: &Path,
) -> Result<PathBuf, Failure> {
    let named = match (explicit, environment.path("FOLLOWUP_CONFIG")) {
        (Some(path), _) => Some((path.to_owned(), "--config")),
        (None, Some(path)) => Some((path, "$FOLLOWUP_CONFIG")),
        (None, None) => None,
    };
    if let Some((path, by)) = named {
        return match path.try_exists() {
            Ok(false) => Err(Failure::new(
                Outcome::Config,
                format!(
                    "no configuration at {}, which {by} names; followup init writes one",
                    path.display()
                ),
            )),
            Ok(true) | Err(_) => Ok(path), // reading it says what is wrong
        };
    }
    let places = places(environment, current);
    if let Some(found) = places.iter().find(|path| path.exists()) {
        return Ok(found.clone());
    }
    let places: Vec<String> = places
        .iter()
        .map(|p| format!("  {}", p.display()))
        .collect();
    Err(Failure::new(
        Outcome::Config,
        format!(
            "no configuration; looked for\n{}\nfollowup init writes one here",
            places.join("\n")
        ),
    ))
}

fn places(environment: &Environment, current: &Path) -> Vec<PathBuf> {
    let user = environment
        .path("XDG_CONFIG_HOME")
        .filter(|p| p.is_absolute())
        .or_else(|| Some(environment.path("HOME")?.join(".config")));
    let here = current.join(NAME);
    let user = user.map(|directory| directory.join("followup").join(NAME));
    let system = Path::new("/etc/followup").join(NAME);
    [Some(here), user, Some(system)]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_counts() {
        let directory = tempfile::tempdir().unwrap();
        let (here, user) = (directory.path().join("here"), directory.path().join("user"));
        let named = directory.path().join("named.toml");
        for folder in [&here, &user.join("followup")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let environment: Environment = [("XDG_CONFIG_HOME", &user)].into_iter().collect();
        let with_variable: Environment = [("FOLLOWUP_CONFIG", &named)].into_iter().collect();

        let nowhere = find(None, &environment, &here).unwrap_err();
        assert_eq!(nowhere.outcome, Outcome::Config);
        assert!(nowhere.message.contains("followup init"), "{nowhere}");
        let in_user = user.join("followup").join(NAME);
        std::fs::write(&in_user, "").unwrap();
        assert_eq!(find(None, &environment, &here).unwrap(), in_user);
        let in_here = here.join(NAME);
        std::fs::write(&in_here, "").unwrap();
        assert_eq!(find(None, &environment, &here).unwrap(), in_here);
        assert!(
            find(None, &with_variable, &here).is_err(),
            "what is named must exist"
        );
        std::fs::write(&named, "").unwrap();
        assert_eq!(find(None, &with_variable, &here).unwrap(), named);
        assert_eq!(
            find(Some(&in_user), &with_variable, &here).unwrap(),
            in_user
        );
    }
}
