//! How long a host takes to be ready when there is much in the log.

use std::{path::Path, sync::Arc, time::Instant};

use adapters::{clock::SystemClock, ids::RandomIds, secret::Secret};
use application::ports::{Append, Clock, EventLog, Ids, NewEvent, StreamAppend, StreamId};
use clap::Args as ClapArgs;
use domain::{
    cars::events::{CarEvent, CarStatus},
    kernel::{Event, OrganizationId},
};
use hosts::{
    config::{Mode, Storage},
    log::Log,
    stores::Stores,
};

use crate::{Outcome, child::Host, databases::Postgres};

/// What every start must stay below, with a million events.
const LIMIT_MILLIS: u128 = 1000;
/// Cars per append.
const CARS: usize = 500;

/// Settings of this benchmark.
#[derive(ClapArgs)]
pub struct Args {
    /// Events in the log.
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
    /// Starts that are measured.
    #[arg(long, default_value_t = 5)]
    starts: usize,
}

/// Measures both engines.
pub async fn run(args: Args) -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let storage = Storage::Embedded { folder: data.clone() };
    fill(&storage, args.events).await?;
    let settings = [("GROUNDWORK_DATA", text(&data)?)];
    measure("SQLite", &settings, &args).await?;

    let database = Postgres::create("startup").await?;
    let url = database.url()?;
    let storage = Storage::Postgres {
        url: Secret::new(&url),
        keys_url: None,
        connections: 8,
        wait: std::time::Duration::from_secs(10),
    };
    fill(&storage, args.events).await?;
    measure("PostgreSQL", &[("DATABASE_URL", &url)], &args).await?;
    database.drop().await
}

fn text(path: &Path) -> Outcome<&str> {
    path.to_str().ok_or_else(|| "the path is not UTF-8".into())
}

async fn measure(engine: &str, settings: &[(&str, &str)], args: &Args) -> Outcome {
    let empty = tempfile::tempdir()?;
    let empty = empty.path().join("data");
    // The reference: the same binary with nothing in its log.
    let reference = Host::start(&[("GROUNDWORK_DATA", text(&empty)?)]).await?;
    reference.stop()?;
    let reference = Host::start(&[("GROUNDWORK_DATA", text(&empty)?)]).await?;
    let reference_millis = reference.ready_after.as_millis();
    reference.stop()?;
    // The first start builds the read models.
    let first = Host::start(settings).await?;
    println!("{engine}: first start, read models built: {} ms", first.ready_after.as_millis());
    first.stop()?;
    let mut worst = 0;
    for _ in 0..args.starts {
        let host = Host::start(settings).await?;
        worst = worst.max(host.ready_after.as_millis());
        host.stop()?;
    }
    println!(
        "{engine}: start to ready with {} events: worst of {} {worst} ms \
         (limit {LIMIT_MILLIS} ms; empty embedded log {reference_millis} ms)",
        args.events, args.starts
    );
    Ok(())
}

/// Puts cars into the log, four events each.
async fn fill(storage: &Storage, events: usize) -> Outcome {
    let stores = Stores::open(storage).await?;
    stores.make_ready(Mode::Development).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = RandomIds::new(clock.clone());
    let log = Log::open(&stores.log, clock).await?;
    let port = log.port();
    let started = Instant::now();
    let organization = OrganizationId::new(ids.token());
    let mut left = events.div_ceil(4);
    while left > 0 {
        let count = left.min(CARS);
        append(port.as_ref(), &ids, &organization, count).await?;
        left -= count;
    }
    println!("filled the log in {:.1} s", started.elapsed().as_secs_f64());
    log.close().await;
    stores.close().await;
    Ok(())
}

async fn append(
    log: &dyn EventLog,
    ids: &dyn Ids,
    organization: &OrganizationId,
    count: usize,
) -> Outcome {
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let id = ids.token().with_prefix("car");
        let events = car(organization)
            .iter()
            .map(|event| {
                Ok(NewEvent {
                    id: ids.event_id(),
                    name: event.name().into(),
                    version: event.version(),
                    payload: serde_json::to_string(event)?,
                    sealed: None,
                })
            })
            .collect::<Result<_, serde_json::Error>>()?;
        streams.push(StreamAppend { stream: StreamId::new("car", id), expected: 0, events });
    }
    log.append(Append { streams, ..Append::default() }).await?;
    Ok(())
}

fn car(organization: &OrganizationId) -> [CarEvent; 4] {
    let organization_id = organization.clone();
    let owner = domain::kernel::UserId::maintenance();
    [
        CarEvent::Created {
            organization_id: organization_id.clone(),
            status: CarStatus::Unregistered,
        },
        CarEvent::ManufacturerChanged {
            organization_id: organization_id.clone(),
            make: "Honda".into(),
            model: "Civic".into(),
            year: 2024,
        },
        CarEvent::OwnershipChanged {
            organization_id: organization_id.clone(),
            owner: owner.clone(),
            managers: vec![owner],
        },
        CarEvent::RegistrationChanged {
            organization_id,
            jurisdiction: "New Zealand".into(),
            number: "ABC123".into(),
            status: CarStatus::Registered,
        },
    ]
}
