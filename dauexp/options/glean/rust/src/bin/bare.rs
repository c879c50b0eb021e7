//! For the benchmark: the generated logger as it is, called for rows ready in memory. Reads
//! observations like the emitter; says on standard error how many seconds the calls took.

#[path = "../columns.rs"]
#[allow(dead_code)]
mod columns;
#[path = "../server_events.rs"]
#[allow(dead_code)]
mod server_events;

use std::io::stdin;
use std::time::Instant;

use anyhow::Result;
use arrow_ipc::reader::StreamReader;
use columns::Texts;
use server_events::{EventsPing, GleanEventsLogger, RequestInfo, SyncstorageGetCollectionsEvent};

fn main() -> Result<()> {
    let mut rows = Vec::new();
    for batch in StreamReader::try_new(stdin(), None)? {
        let batch = batch?;
        let user_agents = Texts::of(&batch, "user_agent")?;
        let users = Texts::of(&batch, "hashed_fxa_uid")?;
        let devices = Texts::of(&batch, "hashed_device_id")?;
        let platforms = Texts::of(&batch, "platform")?;
        let families = Texts::of(&batch, "device_family")?;
        rows.extend((0..batch.num_rows()).map(|row| {
            let request = RequestInfo {
                user_agent: user_agents.text(row).to_owned(),
                ip_address: String::new(),
            };
            let ping = EventsPing {
                syncstorage_device_family: families.text(row).to_owned(),
                syncstorage_hashed_device_id: devices.text(row).to_owned(),
                syncstorage_hashed_fxa_uid: users.text(row).to_owned(),
                syncstorage_platform: platforms.text(row).to_owned(),
                event: Some(Box::new(SyncstorageGetCollectionsEvent {})),
            };
            (request, ping)
        }));
    }
    let logger = GleanEventsLogger {
        app_id: "syncstorage".to_owned(),
        app_display_version: "0.17.0".to_owned(),
        app_channel: "release".to_owned(),
    };
    let started = Instant::now();
    for (request, ping) in &rows {
        logger.record_events_ping(request, ping);
    }
    eprintln!("{}", started.elapsed().as_secs_f64());
    Ok(())
}
