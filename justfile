# Bare `just` lists the recipes.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Features that tests and lints need beyond the defaults.
features := `paste -sd, scripts/features.txt`

# The rooms of lsm whose unit tests Miri can run.
miri_rooms := "memtable:: log::group_sync log::tests::records log::header log::checksum log::small_lz4 varint:: table::block table::footer table::properties table::filter table::index compaction::retain key:: snapshot:: version::edit"

[private]
default:
    @{{ just_executable() }} --list --unsorted

# Run a lab and judge it: `just lab 1-3`
[group('course')]
lab id:
    cargo labs run {{ id }}

# Run the ready labs of a module and judge them: `just module 1`
[group('course')]
module number:
    cargo labs module {{ number }}

# A page of live figures at 127.0.0.1:7000: our servers under load, or servers that run: `just dash --target ledger=http://127.0.0.1:7080/metrics`
[group('course')]
dash *options:
    cargo --quiet course dash -- {{ if options == "" { "--demo" } else { options } }}

# What this machine has for the course, what is missing, and how to get it here
[group('course')]
doctor:
    @cargo --quiet course doctor

# The dev container against the scripts; where Docker runs it is built and started. Ends with `DevBox ready`
[group('course')]
test-dev:
    @cargo --quiet course devbox

# The report anew, from the last run of each lab and of the gates
[group('course')]
report:
    @cargo labs report

# List the ready labs and their checks
[group('course')]
labs:
    cargo labs list

# Run the tests of everything, or of one package with the features that CI gives it: `just test lsm`
[group('check')]
test crate="":
    {{ if crate == "" { "./dev_test.sh" } else { "cargo test -p " + crate + " --features \"$(grep '^" + crate + "/' scripts/features.txt | paste -sd,)\"" } }}

# Fresh seeds of a simulator until somebody stops it: `just sim ledger`, `just sim ledger --profile damage`
[group('check')]
sim what *options:
    @[[ {{ what }} == ledger ]] || { echo "no simulator of {{ what }}; there is one of: ledger" >&2; exit 2; }
    cargo run --release --quiet -p ledger_sim -- --for 31536000 {{ options }}

# Property tests with cases drawn anew each round, of everything or of one crate, until one fails: `just fresh 10 avro-compat`
[group('check')]
fresh rounds="10" crate="":
    for round in $(seq {{ rounds }}); do \
        seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' '); echo "== round $round: PROPTEST_RNG_SEED=$seed"; \
        PROPTEST_RNG_SEED=$seed cargo test --quiet {{ if crate == "" { "--workspace" } else { "-p " + crate } }} \
            {{ if crate == "" { "--features " + features } else { "" } }} --tests --locked >/tmp/fresh.$$ 2>&1 || { cat /tmp/fresh.$$; echo "again: PROPTEST_RNG_SEED=$seed"; exit 1; }; \
    done; rm -f /tmp/fresh.$$; echo "{{ rounds }} rounds passed"

# The concurrent parts of lsm and hash-ring in every interleaving (loom), up to a bound on preemptions
[group('check')]
models:
    RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom" cargo test -p lsm -p hash-ring --release --lib --locked -- loom bounded::models

# The unsafe code of lsm under Miri, as far as Miri can run it (no files, no mappings); some minutes
[group('check')]
miri:
    @cargo +nightly miri --version >/dev/null 2>&1 || { echo "no Miri here: rustup component add --toolchain nightly miri rust-src" >&2; exit 1; }
    MIRIFLAGS="-Zmiri-disable-isolation" PROPTEST_CASES=4 CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/miri" \
        cargo +nightly miri test -p lsm --lib --locked -- {{ miri_rooms }}

# The committed PTX of gpu/kernels against what the pinned nvcc makes of the sources: shows the difference. `just ptx write` takes it over
[group('check')]
ptx do="check":
    gpu/kernels/build {{ if do == "write" { "" } else { "--check" } }}

# Every fuzz target of a crate, or one, from its seeds if it has some, for as many seconds each: `just fuzz 60 hash-ring decode`
[group('check')]
fuzz seconds="60" crate="lsm" target="":
    @cargo fuzz --version >/dev/null 2>&1 || { echo "no cargo-fuzz here: cargo install --locked cargo-fuzz (it needs a nightly toolchain, too)" >&2; exit 1; }
    cd "$(cargo pkgid -p {{ crate }} | sed 's|^path+file://||; s|#.*||')" && for target in {{ if target == "" { "$(cargo +nightly fuzz list)" } else { target } }}; do \
        echo "== $target"; mkdir -p "fuzz/corpus/$target"; seeds="fuzz/seeds/$target"; [ -d "$seeds" ] || seeds=; \
        cargo +nightly fuzz run "$target" "fuzz/corpus/$target" $seeds -- -max_total_time={{ seconds }} -print_final_stats=1; \
    done

# Random work on lsm, checked, live and with kill -9 in turns, for as many minutes; stops at the first wrong answer
[group('check')]
soak minutes="60":
    cargo build --release --quiet -p lsm-tools --bin lsm-stress
    end=$((SECONDS + {{ minutes }} * 60)) seed=$(date +%s); while ((SECONDS < end)); do \
        "${CARGO_TARGET_DIR:-target}/release/lsm-stress" --seed $seed --seconds 60; \
        "${CARGO_TARGET_DIR:-target}/release/lsm-stress" --seed $seed --seconds 60 --kill; \
        seed=$((seed + 1)); \
    done

# Random faults on three nodes of Apache Kafka for as many minutes, seeds printed; stops at the first anomaly and keeps its history
[group('check')]
chaos-soak minutes="30" directory="" seed="":
    scripts/chaos_soak.sh {{ minutes }} {{ if directory == "" { "out/queue-chaos/soak" } else { directory } }} {{ seed }}

# Formatting and clippy, warnings denied
[group('check')]
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --features {{ features }} -- -D warnings

# Format everything
[group('check')]
fmt:
    cargo fmt --all

# Licences, sources and doubled versions of dependencies (needs cargo-deny)
[group('check')]
deny:
    cargo deny check bans licenses sources

# What CI runs
[group('check')]
ci:
    .ci/run

# Only lsm needs RocksDB, which builds for some twenty minutes. Only avro needs Java and Python, queue Java, and ledger PostgreSQL; without them those gates are not measured.
# Measure against the rivals, all areas or one (`just bench lsm`), then judge; PEERS= picks the features
[group('gates')]
bench area="" features=env("PEERS", if area == "lsm" { "peer-rocksdb,peer-fjall" } else if area == "ring" { "peer-rings" } else if area == "avro" { "peer-avro" } else if area == "queue" { "queue" } else if area == "gpu" { "" } else if area == "ledger" { "" } else { "peers" }):
    {{ if features =~ 'peers|rocksdb' { ". scripts/install.sh; need_peers" } else { "" } }}
    {{ if features =~ 'peers|avro' { ". scripts/install.sh; { need_jdk && scripts/avro_jars.sh; } || true; scripts/fastavro.sh || true" } else { "" } }}
    {{ if features =~ 'peers|queue' { ". scripts/install.sh; { need_jdk && has_java 17 && scripts/kafka_jars.sh; } || true" } else { "" } }}
    {{ if area =~ '^(ledger)?$' { ". scripts/install.sh; need_postgres || true" } else { "" } }}
    cargo bench -p gates --features "{{ features }}" {{ if area == "" { "" } else { "--bench " + area } }}
    @{{ just_executable() }} gates {{ area }}

# Judge what was measured last, all areas or one
[group('gates')]
gates area="":
    cargo run --quiet -p gates --bin judge -- {{ area }}

# Build the crates' documentation into target/doc
[group('docs')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --features {{ features }}

# Execute the commands of the book, of all pages or of some (`just book-test labs/1-4`), in the release profile
[group('docs')]
book-test *pages:
    cargo --quiet --locked course-build --workspace --bins
    cargo --quiet course book_test -- {{ pages }}

# Record anew what the front page shows, queue-chaos on three nodes of Apache Kafka, and make the picture of it (`scripts/recording.sh --help`)
[group('docs')]
record:
    scripts/recording.sh

# Build the book into target/book, and the crates' documentation beside it, which its pages link to
[group('docs')]
book: doc
    @target=${CARGO_TARGET_DIR:-target}; "$(scripts/mdbook.sh)" build docs --dest-dir "$(realpath -m "$target")/book" && \
        echo "the book: $target/book/index.html; its commands are executed by \`just book-test\`"
