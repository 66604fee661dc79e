//! A bank whose tellers crash, and whose money stays.
//!
//! ```sh
//! cargo run --release --example bank -- --orders 2000 --bad 2
//! ```
//!
//! Orders come as text, and the tellers that read them have a bug: they panic at an order they
//! cannot read. What must not be lost, the balances, is with an actor so simple that it does not
//! crash; what may crash is below supervisors that start it again. Every bad order takes down a
//! teller, and costs nobody but whoever sent it: the orders that wait behind it are handled by the
//! teller's next incarnation, the refs to it stay good, and the money adds up.
//!
//! `docs/guide/supervision.md` walks through it. The tests run the same bank in the simulator,
//! where tellers are killed at any await.

mod branch;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

use branch::{Book, Order, START, Teller, Vault};
use greenroom::ShardId;
use greenroom::prelude::*;
use greenroom::supervision::Supervisor;
use lexopt::ValueExt;
use lexopt::prelude::{Long, Short};

const USAGE: &str = "\
A bank that survives what its tellers do not.

Usage: bank [OPTIONS]

Options:
    --accounts <N>   Accounts, at least 2 [default: 100]
    --orders <N>     Orders that each shard's client gives [default: 2000]
    --bad <PERCENT>  How many of them no teller can read [default: 1]
    --shards <N>     Shards, one thread each, on one core each [default: one per core]
    -h, --help       Print this help
";

/// What became of orders.
#[derive(Clone, Copy, Default, Debug)]
struct Count {
    made: u64,
    refused: u64,
    /// Nobody knows: a teller crashed over it, before or after it was made.
    lost: u64,
}

/// Gives orders to all tellers in turn, of which so many in a hundred cannot be read. `draw` is
/// where its choices come from.
async fn client(
    system: System,
    settings: Settings,
    mut draw: impl FnMut(u64) -> u64,
) -> greenroom::Result<Count> {
    let mut count = Count::default();
    let accounts = settings.accounts as u64;
    for n in 0..settings.orders {
        let tellers = system.members::<Teller>("tellers");
        let Some(teller) = tellers.get(n % tellers.len().max(1)) else {
            return Err("there are no tellers".into());
        };
        let mut text = format!("{} -> {}: {}", draw(accounts), draw(accounts), draw(START));
        if draw(100) < settings.bad {
            text = text.replace("->", "to");
        }
        match teller.call(|reply| Order { text, reply }).await {
            Ok(Ok(())) => count.made += 1,
            Ok(Err(_)) => count.refused += 1,
            Err(_) => count.lost += 1,
        }
    }
    Ok(count)
}

async fn open(system: System, settings: Settings) -> greenroom::Result<ActorRef<Supervisor>> {
    Ok(branch::bank(system.shards(), settings.accounts).start(&system, Placement::Here).await?)
}

/// Has a client on every shard give its orders. Returns what became of all together.
async fn trade(system: System, settings: Settings) -> greenroom::Result<Count> {
    let clients: Vec<_> = (0..system.shards())
        .map(|shard| {
            system.handle().run_on(ShardId(shard), async move |system| {
                let mut state = u64::from(shard);
                let draw = move |below| {
                    state = greenroom::hash::mix(state + 1);
                    state % below
                };
                client(system, settings, draw).await
            })
        })
        .collect();
    let mut all = Count::default();
    for client in clients {
        let count = client.await??;
        all.made += count.made;
        all.refused += count.refused;
        all.lost += count.lost;
    }
    Ok(all)
}

/// Looks whether the money adds up, and closes the bank. Returns how it was at the end.
async fn close(
    bank: ActorRef<Supervisor>,
    settings: Settings,
    count: Count,
) -> greenroom::Result<String> {
    let vault = bank.child::<Vault>("vault").await?.ok_or("there is no vault")?;
    let (total, transfers) = vault.call(Book::Total).await?;
    if total != START * settings.accounts as u64 {
        return Err(format!("{total} is not what there was at first").into());
    }
    if transfers < count.made || transfers > count.made + count.lost {
        return Err(format!("{transfers} transfers, of which clients know {count:?}").into());
    }
    let tree = bank.supervision_tree().await?;
    bank.stop();
    bank.exit().await;
    Ok(format!("{tree}\n{}", tree.health()))
}

async fn run(system: System, settings: Settings) -> greenroom::Result<(Count, String)> {
    let bank = open(system, settings).await?;
    let count = trade(system, settings).await?;
    Ok((count, close(bank, settings, count).await?))
}

/// What the command line asks for.
#[derive(Clone, Copy, Debug)]
struct Settings {
    accounts: usize,
    orders: usize,
    bad: u64,
    shards: usize,
}

impl Settings {
    /// `None` where help is wanted.
    fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, lexopt::Error> {
        let shards = thread::available_parallelism().map_or(1, Into::into);
        let mut settings = Self { accounts: 100, orders: 2000, bad: 1, shards };
        let mut parser = lexopt::Parser::from_args(args);
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Ok(None),
                Long("accounts") => settings.accounts = parser.value()?.parse()?,
                Long("orders") => settings.orders = parser.value()?.parse()?,
                Long("bad") => settings.bad = parser.value()?.parse()?,
                Long("shards") => settings.shards = parser.value()?.parse()?,
                _ => return Err(arg.unexpected()),
            }
        }
        if settings.accounts < 2 {
            return Err("a transfer takes two accounts".into());
        }
        Ok(Some(settings))
    }
}

fn serve(settings: Settings) -> greenroom::Result {
    let system = System::builder().name("bank").shards(settings.shards);
    let (Count { made, refused, lost }, shown) =
        system.run(async move |system| run(system, settings).await)?;
    say(&format!(
        "{shown}\n{made} transfers made, {refused} refused, {lost} orders lost to crashes\n\
         the money adds up\n"
    ))?;
    Ok(())
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn main() -> ExitCode {
    let done = match Settings::parse(std::env::args_os().skip(1)) {
        Ok(Some(settings)) => serve(settings),
        Ok(None) => say(USAGE).map_err(Into::into),
        Err(error) => {
            eprintln!("bank: {error}\nTry `bank --help`.");
            return ExitCode::from(2);
        }
    };
    done.map_or_else(
        |error| {
            eprintln!("bank: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}
