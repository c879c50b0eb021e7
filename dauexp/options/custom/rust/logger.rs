//! What a team would write by hand: a logger of "Glean-compliant" pings without glean_parser.

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use uuid::Uuid;

/// Writes one `events` ping with the event `syncstorage.get_collections` for each request.
pub struct SyncEventsLogger {
    pub application_id: String,
    pub app_display_version: String,
    pub app_channel: String,
}

/// What the log pipeline looks for.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a> {
    timestamp: &'a str,
    logger: &'static str,
    r#type: &'static str,
    fields: Fields<'a>,
}

/// The ids of the document, and the ping as a string.
#[derive(Serialize)]
struct Fields<'a> {
    document_namespace: &'a str,
    document_type: &'static str,
    document_version: &'static str,
    document_id: &'a str,
    user_agent: &'a str,
    ip_address: &'static str,
    payload: &'a str,
}

/// The ping, with all that the Glean schema requires, known or not.
#[derive(Serialize)]
struct Payload<'a> {
    metrics: Metrics<'a>,
    events: [Event; 1],
    ping_info: PingInfo<'a>,
    client_info: ClientInfo<'a>,
}

#[derive(Serialize)]
struct Metrics<'a> {
    string: Strings<'a>,
}

/// What is known of the request.
#[derive(Serialize)]
pub struct Strings<'a> {
    #[serde(rename = "syncstorage.hashed_fxa_uid")]
    pub hashed_fxa_uid: &'a str,
    #[serde(rename = "syncstorage.hashed_device_id")]
    pub hashed_device_id: &'a str,
    #[serde(rename = "syncstorage.platform")]
    pub platform: &'a str,
    #[serde(rename = "syncstorage.device_family")]
    pub device_family: &'a str,
}

#[derive(Serialize)]
struct Event {
    category: &'static str,
    name: &'static str,
    timestamp: u32,
}

#[derive(Serialize)]
struct PingInfo<'a> {
    seq: u32,
    start_time: &'a str,
    end_time: &'a str,
}

#[derive(Serialize)]
struct ClientInfo<'a> {
    telemetry_sdk_build: &'static str,
    first_run_date: &'static str,
    os: &'static str,
    os_version: &'static str,
    architecture: &'static str,
    app_build: &'static str,
    app_display_version: &'a str,
    app_channel: &'a str,
}

const UNKNOWN: &str = "Unknown";

impl SyncEventsLogger {
    /// The line to log for one request.
    pub fn get_collections(
        &self,
        user_agent: &str,
        string: Strings,
    ) -> Result<String, serde_json::Error> {
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, false);
        let payload = Payload {
            metrics: Metrics { string },
            events: [Event {
                category: "syncstorage",
                name: "get_collections",
                timestamp: 0,
            }],
            ping_info: PingInfo {
                seq: 0,
                start_time: &now,
                end_time: &now,
            },
            client_info: ClientInfo {
                telemetry_sdk_build: "syncstorage 1",
                first_run_date: UNKNOWN,
                os: UNKNOWN,
                os_version: UNKNOWN,
                architecture: UNKNOWN,
                app_build: UNKNOWN,
                app_display_version: &self.app_display_version,
                app_channel: &self.app_channel,
            },
        };
        serde_json::to_string(&Envelope {
            timestamp: &now,
            logger: "syncstorage",
            r#type: "glean-server-event",
            fields: Fields {
                document_namespace: &self.application_id,
                document_type: "events",
                document_version: "1",
                document_id: &Uuid::new_v4().to_string(),
                user_agent,
                ip_address: "",
                payload: &serde_json::to_string(&payload)?,
            },
        })
    }
}
