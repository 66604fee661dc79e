//! A phantom wait cycle: a detector that puts together what it heard at different times, and sees a
//! circle that never was.

use std::time::Duration;

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, always};
use greenroom_testkit::TestRuntime;

use super::hunt::{campaign, hunt};

/// Waits for the other while it has no token.
#[derive(Default)]
struct Member {
    other: Option<ActorRef<Self>>,
    state: State,
}

/// What a member says of itself.
#[derive(Clone, Copy, Default)]
struct State {
    has_token: bool,
    sent: u64,
    received: u64,
}

enum Ask {
    Other(ActorRef<Member>),
    /// The token, to be passed on so many times more.
    Token(u32),
    State(Reply<State>),
}

impl Actor for Member {
    type Message = Ask;

    async fn handle(&mut self, message: Ask, ctx: &Context<Self>) -> Flow {
        match message {
            Ask::Other(other) => self.other = Some(other),
            Ask::State(reply) => reply.send(self.state),
            Ask::Token(left) => {
                self.state.received += 1;
                self.state.has_token = true;
                if let (Some(other), Some(left)) = (self.other, left.checked_sub(1)) {
                    ctx.sleep(Duration::from_nanos(ctx.random() % 2_000)).await;
                    self.state.sent += 1;
                    self.state.has_token = false;
                    drop(other.send(Ask::Token(left)).await);
                }
            }
        }
        Flow::Continue
    }
}

/// Asks both, one after the other: whether both wait, and the tokens they sent and received.
async fn look(members: [ActorRef<Member>; 2]) -> (bool, u64, u64) {
    let first = members[0].call(Ask::State).await.unwrap();
    let second = members[1].call(Ask::State).await.unwrap();
    let both_wait = !first.has_token && !second.has_token;
    (both_wait, first.sent + second.sent, first.received + second.received)
}

/// Whether the members wait for each other for ever. Their waits at two times are no circle: a
/// token may have been on its way. It was not if all that were sent, at a later look, had been
/// received at an earlier one (the four counters of Mattern, 1987).
async fn finds_a_circle(members: [ActorRef<Member>; 2], planted: bool) -> bool {
    let (both_wait, _, received) = look(members).await;
    if planted || !both_wait {
        return both_wait;
    }
    let (still_wait, sent, _) = look(members).await;
    // One token came from outside.
    still_wait && received == sent + 1
}

fn program(sim: &mut TestRuntime, planted: bool) {
    let passes = sim.extent(16) as u32;
    sim.run(async move |system| {
        let mut members = Vec::new();
        for shard in [1, 2] {
            let member = system.spawn(Placement::Shard(shard), Member::default).await.unwrap();
            members.push(member);
        }
        let members = [members[0], members[1]];
        for (index, member) in members.into_iter().enumerate() {
            member.send(Ask::Other(members[1 - index])).await.unwrap();
        }
        members[0].send(Ask::Token(passes)).await.unwrap();
        members[0].call(Ask::State).await.unwrap();
        for _ in 0..8 {
            // There never is one: somebody has the token, or will.
            always!(!finds_a_circle(members, planted).await, "a circle that is told of is there");
        }
    });
}

#[test]
fn a_phantom_wait_cycle_is_found() {
    let campaign = campaign("phantom::a_phantom_wait_cycle_is_found");
    let campaign = campaign.runtime(|builder, _| builder.shards(3));
    hunt(&campaign, "a circle that is told of is there", program);
}
