//! Option A's service: logs by the module that glean_parser generates.

/// The generated module writes by `println!`. On standard output that is one system call a line,
/// so the name stands for a buffered equal here: the module's text stays as it was generated.
macro_rules! println {
    ($($line:tt)*) => { crate::lines::write(format_args!($($line)*)) };
}
#[path = "server_events.rs"]
#[allow(dead_code)]
mod server_events;

use server_events::{EventsPing, GleanEventsLogger, RequestInfo, SyncstorageGetCollectionsEvent};

use crate::{Application, Row};

/// The generated logger, and the arguments of its calls, whose memory is used again.
pub struct Service {
    logger: GleanEventsLogger,
    request: RequestInfo,
    ping: EventsPing,
}

impl Service {
    pub fn new(application: Application) -> Self {
        Service {
            logger: GleanEventsLogger {
                app_id: application.id,
                app_display_version: application.display_version,
                app_channel: application.channel,
            },
            // Sync passes no IP address on: it gives the logger an empty one.
            request: RequestInfo::default(),
            ping: EventsPing {
                syncstorage_device_family: String::new(),
                syncstorage_hashed_device_id: String::new(),
                syncstorage_hashed_fxa_uid: String::new(),
                syncstorage_platform: String::new(),
                event: Some(Box::new(SyncstorageGetCollectionsEvent {})),
            },
        }
    }

    pub fn log(&mut self, row: Row) {
        set(&mut self.request.user_agent, row.user_agent);
        set(
            &mut self.ping.syncstorage_hashed_fxa_uid,
            row.hashed_fxa_uid,
        );
        set(
            &mut self.ping.syncstorage_hashed_device_id,
            row.hashed_device_id,
        );
        set(&mut self.ping.syncstorage_platform, row.platform);
        set(&mut self.ping.syncstorage_device_family, row.device_family);
        self.logger.record_events_ping(&self.request, &self.ping);
    }
}

fn set(text: &mut String, value: &str) {
    text.clear();
    text.push_str(value);
}
