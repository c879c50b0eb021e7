//! Reads requests as an Arrow IPC stream on standard input and gives each to the service, which logs
//! it: one line a request on standard output, in order, flushed batch by batch.

mod columns;
mod identity;
mod lines;
mod requests;
mod service;
mod useragent;

use std::io::{BufReader, stdin};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use clap::{ArgGroup, Args, Parser};

use crate::columns::Texts;
use crate::identity::{DeviceId, Hasher};
use crate::requests::Observer;
use crate::service::Service;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The variable that holds the HMAC secret: its bytes in hex, for a secret may hold any byte.
const SECRET: &str = "DAUEXP_SECRET_HEX";

/// Logs sync requests: an Arrow IPC stream on standard input, lines on standard output.
#[derive(Parser)]
#[command(group(ArgGroup::new("rows").required(true).args(["requests", "observations"])))]
struct Arguments {
    /// The rows are requests: uid, device_id, user_agent. Hashes them with the secret in the
    /// environment variable DAUEXP_SECRET_HEX, and classifies user agents.
    #[arg(long)]
    requests: bool,
    /// The rows are observed already: user_agent, hashed_fxa_uid, hashed_device_id, platform,
    /// device_family.
    #[arg(long)]
    observations: bool,
    /// What a device's hash is made from, with --requests.
    #[arg(long, value_enum, default_value = "per-device")]
    device_id: DeviceId,
    #[command(flatten)]
    application: Application,
}

/// The application that logs.
#[derive(Args)]
pub struct Application {
    #[arg(long = "application-id")]
    pub id: String,
    #[arg(long = "app-display-version")]
    pub display_version: String,
    #[arg(long = "app-channel")]
    pub channel: String,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let mut observer = match arguments.requests {
        true => Some(Observer::new(Hasher::new(&secret()?, arguments.device_id)?)),
        false => None,
    };
    let mut service = Service::new(arguments.application);
    let input = BufReader::with_capacity(1 << 20, stdin());
    for batch in StreamReader::try_new(input, None).context("standard input")? {
        let batch = batch.context("standard input")?;
        match &mut observer {
            Some(observer) => observer.observe(&batch, |row| service.log(row))?,
            None => observations(&batch, |row| service.log(row))?,
        }
        lines::flush();
    }
    Ok(())
}

fn secret() -> Result<Vec<u8>> {
    let digits = std::env::var(SECRET)
        .with_context(|| format!("{SECRET} must hold the HMAC secret in hex"))?;
    let secret = hex::decode(digits.trim()).with_context(|| format!("{SECRET} is not hex"))?;
    if secret.is_empty() {
        bail!("{SECRET} is empty: it must hold the HMAC secret in hex");
    }
    Ok(secret)
}

/// What the service knows of a request when it logs it.
pub struct Row<'a> {
    pub user_agent: &'a str,
    pub hashed_fxa_uid: &'a str,
    pub hashed_device_id: &'a str,
    pub platform: &'a str,
    pub device_family: &'a str,
}

/// Gives each row of a batch of observations to `log`.
fn observations(batch: &RecordBatch, mut log: impl FnMut(Row)) -> Result<()> {
    let user_agents = Texts::of(batch, "user_agent")?;
    let users = Texts::of(batch, "hashed_fxa_uid")?;
    let devices = Texts::of(batch, "hashed_device_id")?;
    let platforms = Texts::of(batch, "platform")?;
    let families = Texts::of(batch, "device_family")?;
    for row in 0..batch.num_rows() {
        log(Row {
            user_agent: user_agents.text(row),
            hashed_fxa_uid: users.text(row),
            hashed_device_id: devices.text(row),
            platform: platforms.text(row),
            device_family: families.text(row),
        });
    }
    Ok(())
}
