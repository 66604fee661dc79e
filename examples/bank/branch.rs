//! The bank itself: a vault, tellers, an auditor, and the tree they are in.

use std::time::Duration;

use greenroom::Health;
use greenroom::prelude::*;
use greenroom::supervision::{Backoff, Budget, ChildSpec, Strategy, SupervisorSpec};

/// What is in each account at first.
pub(crate) const START: u64 = 100;

/// Where to move how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) amount: u64,
}

/// Why a transfer was not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    NoSuchAccount,
    NotEnough,
}

pub(crate) type Outcome = Result<(), Refusal>;

/// Holds all the money. It does one thing at a time, waits for nobody and reads no text: what it
/// is told is right by its type.
pub(crate) struct Vault {
    pub(crate) balances: Vec<u64>,
    pub(crate) transfers: u64,
}

pub(crate) enum Book {
    Move(Transfer, Reply<Outcome>),
    /// All the money there is, and how many transfers were made.
    Total(Reply<(u64, u64)>),
}

impl Actor for Vault {
    type Message = Book;

    async fn started(&mut self, ctx: &Context<Self>) -> greenroom::Result {
        ctx.register("vault").await?;
        Ok(())
    }

    async fn handle(&mut self, message: Book, _: &Context<Self>) -> Flow {
        match message {
            Book::Move(transfer, reply) => reply.send(self.make(transfer)),
            Book::Total(reply) => reply.send((self.balances.iter().sum(), self.transfers)),
        }
        Flow::Continue
    }
}

impl Vault {
    pub(crate) fn new(accounts: usize) -> Self {
        Self { balances: vec![START; accounts], transfers: 0 }
    }

    pub(crate) fn make(&mut self, Transfer { from, to, amount }: Transfer) -> Outcome {
        let balance = *self.balances.get(from).ok_or(Refusal::NoSuchAccount)?;
        let left = balance.checked_sub(amount).ok_or(Refusal::NotEnough)?;
        if to >= self.balances.len() {
            return Err(Refusal::NoSuchAccount);
        }
        self.balances[from] = left;
        self.balances[to] += amount;
        self.transfers += 1;
        Ok(())
    }
}

/// Reads orders like `3 -> 7: 50`, and has the vault carry them out.
pub(crate) struct Teller {
    vault: Option<ActorRef<Vault>>,
}

pub(crate) struct Order {
    pub(crate) text: String,
    pub(crate) reply: Reply<Outcome>,
}

impl Actor for Teller {
    type Message = Order;

    async fn started(&mut self, ctx: &Context<Self>) -> greenroom::Result {
        self.vault = ctx.system().resolve("vault").await.map(ActorRef::from_pid);
        ctx.system().join("tellers", ctx.myself()).await?;
        Ok(())
    }

    async fn handle(&mut self, Order { text, reply }: Order, _: &Context<Self>) -> Flow {
        let transfer = read(&text).unwrap_or_else(|| panic!("cannot read {text:?}"));
        // Whoever waits for the order hears of it when a vault that is gone leaves none.
        if let Some(vault) = self.vault
            && let Ok(outcome) = vault.call(|reply| Book::Move(transfer, reply)).await
        {
            reply.send(outcome);
        }
        Flow::Continue
    }
}

pub(crate) fn read(text: &str) -> Option<Transfer> {
    let (accounts, amount) = text.split_once(": ")?;
    let (from, to) = accounts.split_once(" -> ")?;
    Some(Transfer { from: from.parse().ok()?, to: to.parse().ok()?, amount: amount.parse().ok()? })
}

/// Counts the money now and then, and says so if some is missing.
struct Auditor {
    expected: u64,
}

struct Audit;

impl Actor for Auditor {
    type Message = Audit;

    async fn started(&mut self, ctx: &Context<Self>) -> greenroom::Result {
        ctx.send_interval(Duration::from_millis(1), || Audit);
        Ok(())
    }

    async fn handle(&mut self, Audit: Audit, ctx: &Context<Self>) -> Flow {
        if let Ok(vault) = ctx.system().lookup::<Vault>("vault")
            && let Ok((total, _)) = vault.call(Book::Total).await
            && total != self.expected
        {
            ctx.set_health(Health::Unhealthy(format!("{total} is not {}", self.expected).into()));
        }
        Flow::Continue
    }
}

/// The vault, then the tellers, one on each shard, then the auditor. Were the vault to crash, those
/// behind it would start anew with it; but it may not: a bank without its money gives up.
pub(crate) fn bank(shards: u16, accounts: usize) -> SupervisorSpec {
    let vault = ChildSpec::new("vault", move || Vault::new(accounts))
        .placement(Placement::Shard(0))
        .budget(Budget::new(0, Duration::from_secs(1)));
    // Tellers crash often, and independently. Should it be all the time, that is worth giving up.
    let often = Budget::new(10_000, Duration::from_secs(1));
    let mut tellers = SupervisorSpec::new(Strategy::OneForOne).budget(often);
    for shard in 0..shards {
        let teller = ChildSpec::new(format!("teller {shard}"), || Teller { vault: None });
        tellers = tellers.child(teller.placement(Placement::Shard(shard)).budget(often));
    }
    let auditor = ChildSpec::new("auditor", move || Auditor { expected: START * accounts as u64 })
        .backoff(Backoff::exponential(Duration::from_millis(10), Duration::from_secs(1)));
    SupervisorSpec::new(Strategy::RestForOne)
        .named("bank")
        .child(vault)
        .child(ChildSpec::supervisor("tellers", tellers))
        .child(auditor)
}
