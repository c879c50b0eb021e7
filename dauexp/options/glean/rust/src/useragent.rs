//! Platform and device family from a user agent, as in dauexp/traffic/useragent.py: the rules of
//! `get_device_info` in mozilla-services/syncstorage-rs (syncserver/src/server/user_agent.rs).

use woothee::parser::Parser;

/// What Sync makes of a user agent.
#[derive(Clone, Copy)]
pub struct Classification {
    pub platform: &'static str,
    pub device_family: &'static str,
}

pub fn classify(user_agent: &str) -> Classification {
    let parsed = Parser::new().parse(user_agent).unwrap_or_default();
    let lower = user_agent.to_lowercase();
    let name = parsed.name.to_lowercase();
    let os = parsed.os.to_lowercase();
    let (name, category, os) = if lower.starts_with("firefox-ios") {
        ("firefox", "smartphone", "iphone") // woothee does not know its own user agents
    } else if name == "safari" && !lower.contains("firefox/") {
        ("firefox", "smartphone", "ipad") // what Firefox on an iPad says it is
    } else {
        (name.as_str(), parsed.category, os.as_str())
    };
    let (platform, device_family) = match (name, category, os) {
        ("firefox", "pc", _) => ("firefoxdesktop", "desktop"),
        ("firefox", "smartphone", "ipad") => ("firefoxios", "tablet"),
        ("firefox", "smartphone", "iphone") => ("firefoxios", "mobile"),
        ("firefox", "smartphone", "android") => ("fenix", "mobile"),
        ("firefox", "smartphone", _) => ("other", "mobile"),
        _ => ("other", "other"),
    };
    Classification {
        platform,
        device_family,
    }
}
