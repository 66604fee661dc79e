//! Nodes that crash at a drawn rate, and start again by themselves.

use std::rc::Rc;

use greenroom_core::System;

use super::TestRuntime;
use crate::events::What;
use crate::faults::{Crash, Fault};

/// What a node runs each time it starts.
pub(super) type Boot = Rc<dyn Fn(&mut TestRuntime)>;

impl TestRuntime {
    /// Starts `body` as a task of that node's shard 0, now and each time the node comes back after
    /// a crash that was drawn. Only nodes that were booted crash at a drawn rate; see
    /// [`crate::Faults::power_loss_probability`].
    ///
    /// # Panics
    ///
    /// When there is no such node, or it is down.
    pub fn boot<F>(&mut self, node: u16, body: F)
    where
        F: AsyncFn(System) + 'static,
    {
        self.number(node, 0);
        let body = Rc::new(body);
        let boot: Boot = Rc::new(move |sim| {
            let body = body.clone();
            drop(sim.start_on(node, async move |system| body(system).await));
        });
        boot(self);
        self.world.nodes[usize::from(node)].boots.set(true);
        self.boots.insert(node, boot);
    }

    /// A crash that was drawn, unless as many nodes are down as may be.
    pub(super) fn drawn_crash(&mut self, node: u16, how: Crash) {
        let down = self.world.nodes.iter().filter(|node| node.down.get()).count();
        if self.is_down(node) || down >= self.world.fault_state.nodes_down_max() {
            return;
        }
        self.take_down(node, how);
        self.world.nodes[usize::from(node)].returns.set(true);
        let time = self.world.fault_time(u32::from(node), |times| times.down_max);
        self.world.enter_after(time, What::Restart(node));
    }

    /// The end of a drawn crash. A node that the test took down stays down.
    pub(super) fn drawn_restart(&mut self, node: u16) {
        let returns = self.world.nodes[usize::from(node)].returns.get();
        let Some(boot) = self.boots.get(&node).cloned().filter(|_| returns) else { return };
        let place = (node, u32::from(node));
        let is_wiped = self.world.disks.borrow().goes_bad(&self.world, Fault::WipedDisk, place);
        if is_wiped {
            self.wipe_disk(node);
            self.world.went_wrong(Fault::WipedDisk, node, 0);
        }
        self.restart(node);
        boot(self);
    }
}
