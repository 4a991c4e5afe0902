//! Zones, as this machine knows them: its own database, else the one that is built in.

use clawflow_core::error::{Code, Refusal};
use clawflow_core::schedule::{Spec, Timetable};
use jiff::tz::{TimeZone, db};

/// The timetable of a spec.
///
/// # Errors
/// `invalid` for a spec that cannot be, or a zone that nobody knows.
pub(crate) fn timetable(spec: &Spec) -> Result<Timetable, Refusal> {
    let Some(name) = spec.zone() else { return Timetable::new(spec, None) };
    let known = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some());
    if known.is_none() {
        // What is wrong with the expression comes first.
        Timetable::new(spec, Some(TimeZone::UTC))?;
        return Err(unknown(name));
    }
    Timetable::new(spec, known)
}

/// The names of all zones that are known.
fn zone_names() -> Vec<String> {
    db().available().map(|name| name.as_str().to_owned()).collect()
}

/// The refusal of a name, with the one that is likely meant.
fn unknown(name: &str) -> Refusal {
    let shown = clawflow_core::limits::cut(name, 80);
    let names = zone_names();
    let whole = clawflow_core::suggest::closest(name, names.iter().map(String::as_str));
    // People often name the city alone, with blanks.
    let city = name.rsplit('/').next().unwrap_or(name).replace(' ', "_").to_ascii_lowercase();
    let is_city = |zone: &&String| {
        let last = zone.rsplit('/').next().unwrap_or(zone);
        !city.is_empty() && last.eq_ignore_ascii_case(&city)
    };
    let cities = || names.iter().map(|zone| zone.rsplit('/').next().unwrap_or(zone));
    let near = || {
        let city = clawflow_core::suggest::closest(&city, cities())?;
        names.iter().find(|zone| zone.rsplit('/').next() == Some(city)).map(String::as_str)
    };
    let meant = names.iter().find(is_city).map(String::as_str).or(whole).or_else(near);
    let meant = meant.map_or_else(String::new, |meant| format!(", did you mean {meant}?"));
    Refusal::new(Code::Invalid, format!("there is no time zone {shown:?}{meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(tz: &str) -> String {
        let spec = Spec::Cron { expr: "* * * * *".to_owned(), tz: tz.to_owned() };
        timetable(&spec).map_or_else(|refusal| refusal.message, |_| "good".to_owned())
    }

    #[test]
    fn zones_are_known_or_guessed() {
        assert_eq!(said("Europe/Berlin"), "good");
        assert_eq!(said("UTC"), "good");
        assert!(said("Europe/Berln").ends_with("did you mean Europe/Berlin?"));
        assert!(said("berlin").ends_with("did you mean Europe/Berlin?"));
        assert!(said("New York").ends_with("did you mean America/New_York?"));
        assert_eq!(said("../../etc/passwd"), "there is no time zone \"../../etc/passwd\"");
        assert_eq!(said(""), "there is no time zone \"\"");
        assert!(said(&"x".repeat(10_000)).len() < 200);
    }
}
