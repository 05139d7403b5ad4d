//! A run from beginning to end: topics, load, faults, recovery, reading everything back, the verdict, the report.
//!
//! ```no_run
//! use queue_chaos::broker::embedded::Embedded;
//! use queue_chaos::run::{Options, run};
//! use queue_chaos::schedule::Plan;
//!
//! let mut cluster = Embedded::start(1)?;
//! let plan = Plan::steps("at 3s stop 1; at 6s start 1")?;
//! let finished = run(&mut cluster, &Options::new(plan, "out/my-run"), &Default::default(), |live| println!("{live}"))?;
//! assert!(finished.judgement.anomalies.is_empty());
//! # Ok::<(), queue_chaos::Error>(())
//! ```
//!
//! | phase | what happens | ends |
//! |---|---|---|
//! | [`Phase::Topics`] | the topics are made | when all partitions have leaders |
//! | [`Phase::WarmUp`] | producers and consumers begin | when what is sent is read, with little delay; the times of the plan count from then |
//! | [`Phase::Load`] | faults come and go | with the plan |
//! | [`Phase::Heal`] | all that is still broken is mended | when all nodes answer |
//! | [`Phase::Flush`] | producers stop, and hear about what they have sent | with the last outcome, or their deadline |
//! | [`Phase::Drain`] | consumers read what is left | at the end of all partitions, or at a deadline |
//! | [`Phase::ReadAll`] | a consumer of its own reads everything from the beginning | at the end of all partitions |
//! | [`Phase::Judge`] | the history is read again and checked, the report is written | |

mod live;
mod measures;
mod observer;
mod stage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use live::{Live, Phase};
pub use measures::Measures;

use self::observer::{Observer, Seen};
use self::stage::Stage;
use crate::broker::{Cluster, NewTopic};
use crate::check::{Judgement, check_file};
use crate::history::{self, Commits, Isolation, Outcome, Reader, Topic, What, Writer};
use crate::report::{Report, Timeline, Written};
use crate::schedule::{self, Executed, Plan};
use crate::workload::{self, Ids, Partitions, Running, Settings, Site, Workload};
use crate::{Error, Result, check};

/// How often a run is shown.
const SHOW: Duration = Duration::from_millis(200);
/// How long it must go well before anything is broken.
const CALM: Duration = Duration::from_secs(1);
/// Moments of a timeline.
const MOMENTS: usize = 600;

/// Bytes of a history after which a load ends, where nobody says otherwise: 4 GiB.
pub const HISTORY_LIMIT: u64 = 4 << 30;

/// What is run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What is done to the cluster, its topics, and the workload.
    pub plan: Plan,
    /// Where history, report and summary go. Made if it is not there.
    pub out: PathBuf,
    /// What the check lets pass.
    pub check: check::Options,
    /// What clients are told besides: how to log in.
    pub settings: Settings,
    /// How long each phase after the load may take.
    pub patience: Duration,
    /// Bytes of the history after which the load ends early, as if [asked to stop](run): everything after it happens as ever, and
    /// [`Finished::trouble`] says so. A producer without a rate writes some 100 MB a second.
    pub history_limit: u64,
    /// How to do it again, for the report.
    pub replay: Option<String>,
}

impl Options {
    /// With two minutes of patience, and at most [`HISTORY_LIMIT`] of history until the load ends.
    #[must_use]
    pub fn new(plan: Plan, out: impl Into<PathBuf>) -> Self {
        Self {
            plan,
            out: out.into(),
            check: check::Options::default(),
            settings: Settings::new(),
            patience: Duration::from_secs(120),
            history_limit: HISTORY_LIMIT,
            replay: None,
        }
    }
}

/// What came of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished {
    /// Whether anything was lost, doubled or reordered.
    pub judgement: Judgement,
    /// What happened over time.
    pub timeline: Timeline,
    /// The numbers by which a run is told.
    pub measures: Measures,
    /// What was done to the cluster.
    pub executed: Executed,
    /// Phases that did not come to their end, and why: what is not known because of them is unknown, not wrong.
    pub trouble: Vec<String>,
    /// The history.
    pub history: PathBuf,
    /// The report.
    pub written: Written,
}

/// Topics of a plan that names none: one, with as many replicas as there are nodes, at most three.
fn topics(plan: &Plan, nodes: usize) -> Vec<NewTopic> {
    let mut topics = plan.new_topics();
    if topics.is_empty() {
        let replicas = nodes.clamp(1, 3) as u32;
        let mut settings = Vec::new();
        if let Some(min) = plan.cluster.min_insync_replicas {
            settings.push(("min.insync.replicas".to_owned(), min.to_string()));
        }
        topics.push(NewTopic { name: "messages".into(), partitions: 4, replicas, settings });
    }
    topics
}

/// Topics of earlier runs are not these.
fn name_anew(topics: &mut [NewTopic], workload: &mut Workload, run: u64) {
    let names: BTreeMap<String, String> = topics
        .iter()
        .map(|topic| (topic.name.clone(), format!("queue-chaos-{run:x}-{}", topic.name)))
        .collect();
    for topic in topics {
        topic.name.clone_from(&names[&topic.name]);
    }
    for output in &mut workload.transform.outputs {
        if let Some(name) = names.get(output) {
            output.clone_from(name);
        }
    }
    workload.group = format!("queue-chaos-{run:x}-{}", workload.group);
}

/// Messages a second of a plan that says nothing of its workload. As fast as possible, a producer outruns consumers, and drains take longer than the load.
const QUIET: f64 = 1_000.0;

/// The workload that a plan asks for. One that says nothing of it gets a producer of 1,000 messages a second, and a consumer.
///
/// # Errors
/// [`Error::Plan`] with what is wrong with it.
pub fn workload_of(plan: &Plan) -> Result<Workload> {
    if plan.workload.is_empty() {
        let mut quiet = Workload::default();
        quiet.producer.rate = Some(QUIET);
        return Ok(quiet);
    }
    let wrong = |what: String| Error::Plan { place: format!("{}, [workload]", plan.name), what };
    let workload: Workload = plan
        .workload
        .clone()
        .try_into()
        .map_err(|it: toml::de::Error| wrong(it.message().to_owned()))?;
    workload.validate()?;
    Ok(workload)
}

/// Whether a cluster, and the clients of a run on it, can do all that a plan has. [`run`] asks that before it does anything; who has something to do before
/// that can ask, too.
///
/// # Errors
/// [`Error::Unsupported`] with the first that it cannot do.
pub fn check_supported(plan: &Plan, cluster: &mut dyn Cluster) -> Result<()> {
    let running = Mutex::new(None);
    schedule::check_supported(&plan.timeline(), &Stage { cluster, running: &running })
}

/// Runs a plan on a cluster. `watch` is told some five times a second; setting `stop` ends the load early, and everything after it happens as ever.
///
/// # Errors
/// If it could not be run: the plan asks for what the cluster cannot do, topics could not be made, a file could not be written. What goes wrong while it runs is
/// no error: it is in the history, and in [`Finished::trouble`].
pub fn run(
    cluster: &mut dyn Cluster,
    options: &Options,
    stop: &AtomicBool,
    mut watch: impl FnMut(Live),
) -> Result<Finished> {
    let plan = &options.plan;
    let mut workload = workload_of(plan)?;
    let timeline = plan.timeline();
    workload.seed = timeline.seed();
    let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut topics = topics(plan, cluster.nodes().len());
    name_anew(&mut topics, &mut workload, began.as_millis() as u64);
    check_supported(plan, cluster)?;
    let running = Mutex::new(None);

    std::fs::create_dir_all(&options.out)
        .map_err(|source| Error::File { path: options.out.clone(), source })?;
    let history = options.out.join("history.jsonl");
    let told: Vec<Topic> = topics
        .iter()
        .map(|it| Topic { name: it.name.clone(), partitions: it.partitions, replicas: it.replicas })
        .collect();
    let partitions = Partitions::new(&told);
    let writer = Writer::create(
        &history,
        history::Run {
            version: crate::history::VERSION,
            name: plan.name.clone(),
            seed: timeline.seed(),
            cluster: cluster.kind().to_owned(),
            started: began.as_micros() as u64,
            topics: told,
            partitions: partitions.table().to_vec(),
        },
    )?;
    let sink = writer.sink();
    let site = Arc::new(Site {
        bootstrap: cluster.bootstrap(),
        client: options.settings.clone(),
        partitions,
        ids: Arc::new(Ids::new()),
        sink: Arc::clone(&sink),
    });

    let seen = Seen::new();
    let mut stand =
        Stand { begun: Instant::now(), load: plan.duration, seen: &seen, running: &running };
    watch(stand.live(Phase::Topics));
    cluster.begin_run();
    for topic in &topics {
        cluster.create_topic(topic, options.patience)?;
    }

    let group = match workload.loops {
        0 => workload.group.clone(),
        _ => workload.loop_group(),
    };
    let isolation = workload.consumer.isolation;
    *lock(&running) = Some(workload.start(&site)?);
    stand.begun = Instant::now();
    let observed = AtomicBool::new(false);
    let (direct, client) = (cluster.direct(), options.settings.clone());
    // Loops do not read what they write.
    let is_read =
        |topic: &&String| workload.loops == 0 || !workload.transform.outputs.contains(topic);
    let read: Vec<String> = site.partitions.topics().iter().filter(is_read).cloned().collect();
    let mut trouble = Vec::new();
    let executed = std::thread::scope(|scope| {
        let observer = Observer {
            direct: &direct,
            settings: &client,
            group: &group,
            commits: workload.loops > 0 || workload.consumer.commits != Commits::Never,
            topics: &read,
            isolation,
            running: &running,
            sink: &*sink,
        };
        let (seen, observed) = (&seen, &observed);
        let observer = scope.spawn(move || observer.run(seen, observed));
        let ended = phases(
            cluster,
            options,
            &timeline,
            &site,
            &running,
            &Bounds { stop, history: &history, limit: options.history_limit },
            &mut stand,
            &mut watch,
            &mut trouble,
        );
        observed.store(true, Ordering::Release);
        match observer.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => trouble.push(format!("looking at the cluster: {error}")),
            Err(_) => trouble.push("looking at the cluster ended with a panic".to_owned()),
        }
        ended
    })?;
    writer.finish()?;

    watch(stand.live(Phase::Judge));
    let judgement = check_file(&history, &options.check)?;
    let timeline = Timeline::from_history(Reader::open(&history)?, MOMENTS)?;
    let measures = Measures::from_history(|| Reader::open(&history), &judgement)?;
    let mut report = Report::new(&timeline, &judgement).plan(plan.to_toml()?);
    if let Some(replay) = &options.replay {
        report = report.replay(replay.clone());
    }
    let written = report.write(&options.out)?;
    Ok(Finished { judgement, timeline, measures, executed, trouble, history, written })
}

/// Everything between the first message and the last line of the history.
#[expect(
    clippy::too_many_arguments,
    reason = "it is the second half of `run`, not a part of its own"
)]
fn phases(
    cluster: &mut dyn Cluster,
    options: &Options,
    timeline: &schedule::Timeline,
    site: &Arc<Site>,
    running: &Mutex<Option<Running>>,
    bounds: &Bounds<'_>,
    stand: &mut Stand<'_>,
    watch: &mut impl FnMut(Live),
    trouble: &mut Vec<String>,
) -> Result<Executed> {
    let sink = &*site.sink;
    if let Err(error) = warm_up(options, running, bounds, stand, watch) {
        trouble.push(error.clone());
        sink.record(sink.now(), What::Note { text: error });
    }
    stand.begun = Instant::now();
    // A thread for what is done, so that this one can show it.
    let news = Mutex::new(News { began: sink.now(), ..News::default() });
    // It may have ended in the warm-up: then nothing is done, not even at once.
    let ended = AtomicBool::new(bounds.reached().is_some());
    let executed = std::thread::scope(|scope| {
        let faults = scope.spawn(|| {
            let mut stage = Stage { cluster: &mut *cluster, running };
            schedule::execute(
                timeline,
                &mut stage,
                sink,
                &ended,
                &schedule::Options::default(),
                |it| {
                    lock(&news).hear(it);
                },
            )
        });
        while !faults.is_finished() {
            watch(lock(&news).tell(stand.live(Phase::Load)));
            ended.store(bounds.reached().is_some(), Ordering::Release);
            std::thread::sleep(SHOW);
        }
        faults.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    if executed.stopped
        && !bounds.asked()
        && let Some(why) = bounds.reached()
    {
        sink.record(sink.now(), What::Note { text: why.clone() });
        trouble.push(why);
    }
    watch(lock(&news).tell(stand.live(Phase::Heal)));
    if let Err(error) = schedule::undo_all(&mut Stage { cluster, running }, sink, executed.next) {
        trouble.push(format!("mending what was broken: {error}"));
    }
    let mut quietly = |phase, work: &mut dyn FnMut() -> Result<()>| {
        watch(stand.live(phase));
        if let Err(error) = work() {
            trouble.push(format!("{}: {error}", phase.as_str()));
            sink.record(sink.now(), What::Note { text: format!("{}: {error}", phase.as_str()) });
        }
    };
    let patience = options.patience;
    let mut load = lock(running).take();
    quietly(Phase::Flush, &mut || {
        if let Some(load) = &mut load {
            load.stop_producers(patience);
        }
        Ok(())
    });
    quietly(Phase::Drain, &mut || load.as_ref().map_or(Ok(()), |load| load.drain(patience)));
    let groups: Vec<String> = load.as_ref().map(Running::groups).unwrap_or_default();
    if let Some(load) = load.take() {
        load.stop(patience);
    }
    let ids: Vec<_> = site.partitions.ids().collect();
    quietly(Phase::ReadAll, &mut || {
        workload::read_all(site, &ids, Isolation::ReadCommitted, patience)?;
        for group in &groups {
            let committed = workload::committed(site, group, &ids, patience)?;
            sink.record(sink.now(), committed);
        }
        Ok(())
    });
    Ok(executed)
}

/// Waits until what is sent is read. A group that has not formed yet when its broker goes away takes long, and shows nothing.
fn warm_up(
    options: &Options,
    running: &Mutex<Option<Running>>,
    bounds: &Bounds<'_>,
    stand: &Stand<'_>,
    watch: &mut impl FnMut(Live),
) -> Result<(), String> {
    let (begun, mut calm) = (Instant::now(), None);
    while begun.elapsed() < options.patience && bounds.reached().is_none() {
        watch(stand.live(Phase::WarmUp));
        let warm = lock(running).as_ref().is_some_and(Running::keeps_up);
        match calm {
            Some(since) if warm && Instant::duration_since(&Instant::now(), since) >= CALM => {
                return Ok(());
            }
            Some(_) if warm => {}
            _ => calm = warm.then(Instant::now),
        }
        std::thread::sleep(SHOW);
    }
    let late =
        || format!("after {:.0} s, what is sent is not read yet", begun.elapsed().as_secs_f64());
    Err(format!("warm up: {}", bounds.reached().unwrap_or_else(late)))
}

/// What ends a load before its time.
struct Bounds<'a> {
    stop: &'a AtomicBool,
    history: &'a Path,
    limit: u64,
}

impl Bounds<'_> {
    fn asked(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Why the load shall end now, if it shall.
    fn reached(&self) -> Option<String> {
        if self.asked() {
            return Some("interrupted".to_owned());
        }
        let bytes = std::fs::metadata(self.history).map_or(0, |it| it.len());
        (bytes >= self.limit).then(|| {
            format!(
                "the load ended early: the history has {} MiB, its limit is {} MiB; give producers a rate, or raise the limit",
                bytes >> 20,
                self.limit >> 20
            )
        })
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What of a run does not change while it goes on.
struct Stand<'a> {
    begun: Instant,
    load: Duration,
    seen: &'a Seen,
    running: &'a Mutex<Option<Running>>,
}

impl Stand<'_> {
    fn live(&self, phase: Phase) -> Live {
        let counts = lock(self.running).as_ref().map(Running::counts);
        if let Some(counts) = counts {
            *lock(&self.seen.counts) = counts;
        }
        let counts = *lock(&self.seen.counts);
        Live {
            phase,
            elapsed: self.begun.elapsed(),
            load: self.load,
            sent: counts.sent,
            acked: counts.acked,
            failed: counts.failed,
            unknown: counts.unknown,
            read: counts.read,
            sample: self.seen.sample(),
            news: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// What is done to the cluster, as it is told.
#[derive(Default)]
struct News {
    /// When the load began, microseconds since the run began.
    began: u64,
    fresh: Vec<(Duration, String)>,
    last: Vec<String>,
}

impl News {
    fn hear(&mut self, it: &schedule::Progress<'_>) {
        let at = Duration::from_micros(it.at.saturating_sub(self.began));
        match it.outcome {
            Outcome::Invoke => {
                self.last.push(it.action.to_string());
                self.fresh.push((at, it.action.to_string()));
            }
            Outcome::Ok => self.last.retain(|known| *known != it.action.to_string()),
            Outcome::Fail(why) | Outcome::Unknown(why) => {
                self.last.retain(|known| *known != it.action.to_string());
                self.fresh.push((at, format!("{}: {why}", it.action)));
            }
        }
    }

    fn tell(&mut self, mut live: Live) -> Live {
        live.news = std::mem::take(&mut self.fresh);
        live.faults.clone_from(&self.last);
        live
    }
}
