//! The text of `cargo x help`.

/// What every command does, in the order in which one meets them.
pub(crate) const TEXT: &str = "\
The project's own commands.

  cargo x test [-- ARGS]
      install the programs tests start (redis-server, valgrind) if they are missing, then run all
      tests, doctests and loom tests; with ARGS, only `cargo test` with these arguments
      (`cargo x test -- -p greenroom-core`)
  cargo x tidy
      the text checks of the tree: homes of unsafe code, sizes, door files, ..
  cargo x sim [--seeds N] [--check] [FILTER]
      run the simulation suites, N seeds a test; with --check, run them twice and compare the
      trace hashes
  cargo x sim show FILE.trace [--actor NAME] [--node N] [--around EVENT] [--last N]
                   [--html FILE] [--perfetto FILE] [--mermaid FILE]
      a run from the trace that a failure (or SIM_SEED) left: as a table, as a page for any
      browser, for ui.perfetto.dev, as a sequence diagram
  cargo x bench [--compare] [ARGS]
      run our workloads in release mode; with --compare, the rivals beside them;
      `--compare sim [SECONDS [ROUNDS]]` is our simulator beside others
  cargo x soak kv [--secs N] [--driver NAME]
      the example kv under load, broken connections, stops and signals for N seconds (600); fails
      when memory or descriptors grow, or anything is logged
  cargo x ci
      what continuous integration runs: fmt, clippy, doc, tidy, deny (where cargo-deny is
      installed), test, sim --check
  cargo x help
      this text

Environment: SIM_SEEDS (seeds a test, as --seeds), SIM_SEED (one seed only), CARGO_TARGET_DIR.";
