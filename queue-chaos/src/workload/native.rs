//! The few things that librdkafka can do and rdkafka's safe interface cannot.

use std::ffi::{CStr, CString};
use std::mem::ManuallyDrop;
use std::os::raw::c_void;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::bindings as sys;
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::util::IntoOpaque;

use super::signal::Signal;

/// Whether librdkafka has never sent a message, or has an answer to it that says that it was not written, and no doubt from an earlier attempt.
pub(super) fn not_persisted(message: &BorrowedMessage<'_>) -> bool {
    // SAFETY: the message is borrowed from a delivery report, which keeps it alive; the function only reads a field.
    let status = unsafe { sys::rd_kafka_message_status(message.ptr()) };
    matches!(status, sys::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED)
}

/// The main queue of a client: wakes a thread when something comes to it, so that it can wait for that and for other things at once, exactly as
/// long as it wants. (`BaseProducer::poll` waits in whole milliseconds, and spins for the rest.)
pub(super) struct MainQueue {
    queue: *mut sys::rd_kafka_queue_t,
    signal: *const Signal,
}

// SAFETY: librdkafka's queues can be used by any thread, and a signal is `Sync`.
unsafe impl Send for MainQueue {}

impl MainQueue {
    /// From now on `signal` is woken when the queue of `client` is no longer empty. The client must outlive the result.
    pub(super) fn new<C: ClientContext>(client: &Client<C>, signal: Arc<Signal>) -> Self {
        unsafe extern "C" fn wake(_: *mut sys::rd_kafka_t, signal: *mut c_void) {
            // SAFETY: it is what was given with the function, and is alive until the function is taken back, in drop.
            unsafe { &*signal.cast::<Signal>() }.wake();
        }
        let signal = Arc::into_raw(signal);
        // SAFETY: the client is alive; the queue that is returned is a reference of our own, given back in drop.
        let queue = unsafe { sys::rd_kafka_queue_get_main(client.native_ptr()) };
        // SAFETY: the queue is alive, and `signal` is until drop takes the function back. The function may be called by any thread: a signal is
        // `Sync`.
        unsafe { sys::rd_kafka_queue_cb_event_enable(queue, Some(wake), signal as *mut c_void) };
        Self { queue, signal }
    }

    /// Whether nothing waits in it.
    pub(super) fn is_empty(&self) -> bool {
        // SAFETY: the queue is alive until drop.
        unsafe { sys::rd_kafka_queue_length(self.queue) == 0 }
    }
}

impl Drop for MainQueue {
    fn drop(&mut self) {
        // SAFETY: after the first call no thread calls the function any more (it takes the queue's lock), so that the signal can be let go. The queue is
        // our reference, and not used after that.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.queue, None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.queue);
            drop(Arc::from_raw(self.signal));
        }
    }
}

/// A topic of a producer's client. A message that is sent by it spares librdkafka the search for the topic, and `BaseProducer::send` the copy of its name, each
/// time: a sixth of what a message takes.
pub(super) struct Topic {
    client: *mut sys::rd_kafka_t,
    topic: *mut sys::rd_kafka_topic_t,
}

// SAFETY: librdkafka's clients and topics can be used by any thread.
unsafe impl Send for Topic {}

impl Topic {
    /// That of a name. The client must outlive the result.
    pub(super) fn new<C: ClientContext>(
        client: &Client<C>,
        name: &str,
    ) -> Result<Self, RDKafkaErrorCode> {
        let name = CString::new(name).map_err(|_| RDKafkaErrorCode::InvalidTopic)?;
        let client = client.native_ptr();
        // SAFETY: the client is alive, and the name ends with 0 and is copied. Without settings of its own the topic has those of the client. The topic that
        // is returned, if any, is a reference of our own, given back in drop.
        let topic = unsafe { sys::rd_kafka_topic_new(client, name.as_ptr(), ptr::null_mut()) };
        if topic.is_null() {
            // SAFETY: it reads a number of this thread.
            return Err(unsafe { sys::rd_kafka_last_error() }.into());
        }
        Ok(Self { client, topic })
    }

    /// Hands a message over, of which librdkafka makes a copy.
    pub(super) fn send(&self, parcel: Parcel<'_>) -> Result<(), RDKafkaErrorCode> {
        let Parcel { partition, key, payload, opaque } = parcel;
        use sys::rd_kafka_vtype_t as v;
        // SAFETY: client and topic are alive until drop. Each name is followed by values of the types that librdkafka reads for it (`rd_kafka_producev`): key and payload are pointers
        // to as many bytes as the number after them says, and are copied, the payload by the flag, the key always.
        let error = unsafe {
            sys::rd_kafka_producev(
                self.client,
                v::RD_KAFKA_VTYPE_RKT,
                self.topic,
                v::RD_KAFKA_VTYPE_PARTITION,
                partition,
                v::RD_KAFKA_VTYPE_MSGFLAGS,
                sys::RD_KAFKA_MSG_F_COPY,
                v::RD_KAFKA_VTYPE_VALUE,
                payload.as_ptr().cast::<c_void>(),
                payload.len(),
                v::RD_KAFKA_VTYPE_KEY,
                key.as_ptr().cast::<c_void>(),
                key.len(),
                v::RD_KAFKA_VTYPE_OPAQUE,
                opaque.into_ptr(),
                v::RD_KAFKA_VTYPE_END,
            )
        };
        if error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR { Ok(()) } else { Err(error.into()) }
    }
}

/// A message that is handed over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parcel<'a> {
    pub(super) partition: i32,
    pub(super) key: &'a [u8],
    pub(super) payload: &'a [u8],
    /// What its report comes with.
    pub(super) opaque: usize,
}

impl Topic {
    /// The most messages of a call of [`send_all`](Self::send_all).
    pub(super) const PARCELS: usize = 32;

    /// Hands over so many messages (the rest of more is left out), of which librdkafka makes copies. For each, in their order, says `refused` why it was not taken, if so: after one that
    /// found the queue full all others did, so that those of a partition keep their order.
    ///
    /// It spares librdkafka two clocks and a search for the partition, each time: a tenth of what a message takes. (For one message alone it spares nothing, and of
    /// one whose topic or partition does not exist librdkafka 2.12 keeps the memory: [`send`](Self::send) does not.)
    pub(super) fn send_all<'a>(
        &self,
        parcels: impl Iterator<Item = Parcel<'a>>,
        mut refused: impl FnMut(usize, RDKafkaErrorCode),
    ) {
        let empty = sys::rd_kafka_message_t {
            err: RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR,
            rkt: ptr::null_mut(),
            partition: 0,
            payload: ptr::null_mut(),
            len: 0,
            key: ptr::null_mut(),
            key_len: 0,
            offset: 0,
            _private: ptr::null_mut(),
        };
        let mut messages = [empty; Self::PARCELS];
        let mut count = 0;
        for (message, parcel) in messages.iter_mut().zip(parcels) {
            message.partition = parcel.partition;
            message.payload = parcel.payload.as_ptr().cast_mut().cast::<c_void>();
            message.len = parcel.payload.len();
            message.key = parcel.key.as_ptr().cast_mut().cast::<c_void>();
            message.key_len = parcel.key.len();
            message._private = parcel.opaque.into_ptr();
            count += 1;
        }
        // SAFETY: the topic is alive until drop; the first `count` messages are filled in, and what they point to is borrowed for 'a. By the flag for that librdkafka
        // copies payloads, keys always, and so writes to neither; by the other it reads the partition of each.
        unsafe {
            sys::rd_kafka_produce_batch(
                self.topic,
                0,
                sys::RD_KAFKA_MSG_F_COPY | sys::RD_KAFKA_MSG_F_PARTITION,
                messages.as_mut_ptr(),
                count,
            );
        }
        for (at, message) in messages[..count as usize].iter().enumerate() {
            if message.err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                refused(at, message.err.into());
            }
        }
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        // SAFETY: it is our reference, and not used after that. Messages under way have references of their own.
        unsafe { sys::rd_kafka_topic_destroy(self.topic) };
    }
}

/// What became of a commit.
#[derive(Debug)]
pub(super) enum Committed {
    /// It is done.
    Yes,
    /// All or a part of it was refused.
    Refused(RDKafkaErrorCode),
    /// No answer in time.
    Silence,
}

/// Commits of a consumer, with their answers.
///
/// rdkafka 0.39 sets no `offset_commit_cb`, so that `ConsumerContext::commit_callback` never hears of commits that nobody waits for; and those that
/// somebody waits for know no deadline.
pub(super) struct Commits {
    queue: *mut sys::rd_kafka_queue_t,
}

// SAFETY: librdkafka's queues can be used by any thread.
unsafe impl Send for Commits {}

/// An offset that was asked to be committed: topic, partition, offset.
pub(super) type Asked = (String, i32, i64);

impl Commits {
    pub(super) fn new<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> Self {
        // SAFETY: the client is alive as long as the consumer is. The queue is ours until drop, before or after the end of the client; an answer that
        // comes after that is dropped by librdkafka.
        Self { queue: unsafe { sys::rd_kafka_queue_new(consumer.client().native_ptr()) } }
    }

    /// Asks for offsets to be committed. The consumer must be the one that this was made for.
    pub(super) fn ask<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        offsets: &TopicPartitionList,
    ) -> Result<(), RDKafkaErrorCode> {
        let client = consumer.client().native_ptr();
        // SAFETY: client, list and queue are alive; the list is copied. Without a function the answer comes as an event.
        let error = unsafe {
            sys::rd_kafka_commit_queue(client, offsets.ptr(), self.queue, None, ptr::null_mut())
        };
        if error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR { Ok(()) } else { Err(error.into()) }
    }

    /// The next answer, if it comes in time.
    pub(super) fn answer(&self, milliseconds: i32) -> Option<(Vec<Asked>, Committed)> {
        // SAFETY: the queue is alive until drop.
        let event = unsafe { sys::rd_kafka_queue_poll(self.queue, milliseconds) };
        if event.is_null() {
            return None;
        }
        let mut asked = Vec::new();
        // SAFETY: the event is not null and ours until it is destroyed; its list, if it has one, lives as long as it and has `cnt` elements, with topics
        // that end with 0.
        let error = unsafe {
            let mut error = sys::rd_kafka_event_error(event);
            let list = sys::rd_kafka_event_topic_partition_list(event);
            let count = if list.is_null() { 0 } else { usize::try_from((*list).cnt).unwrap_or(0) };
            for at in 0..count {
                let element = &*(*list).elems.add(at);
                let topic = CStr::from_ptr(element.topic).to_string_lossy().into_owned();
                asked.push((topic, element.partition, element.offset));
                if error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                    error = element.err;
                }
            }
            sys::rd_kafka_event_destroy(event);
            error
        };
        let is = match error {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Committed::Yes,
            error => Committed::Refused(error.into()),
        };
        Some((asked, is))
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        // SAFETY: ours, and not used after that.
        unsafe { sys::rd_kafka_queue_destroy(self.queue) };
    }
}

/// Commits offsets and waits for the answer, but not longer than `deadline`, nor when `abandon` says so (which is asked every 50 ms).
pub(super) fn commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    offsets: &TopicPartitionList,
    deadline: Instant,
    abandon: impl Fn() -> bool,
) -> Committed {
    let commits = Commits::new(consumer);
    if let Err(code) = commits.ask(consumer, offsets) {
        return Committed::Refused(code);
    }
    loop {
        if let Some((_, answer)) = commits.answer(50) {
            return answer;
        }
        if Instant::now() >= deadline || abandon() {
            return Committed::Silence;
        }
    }
}

/// Ends a consumer as a crash does: no last commit, and no word to its group, which finds out when the session runs out. `BaseConsumer`'s drop
/// closes it politely.
///
/// What is lost with each: the handle of one empty queue, some hundred bytes.
pub(super) fn abandon<C: ConsumerContext>(consumer: BaseConsumer<C>) {
    let consumer = ManuallyDrop::new(consumer);
    let client = consumer.client().native_ptr();
    let context = Arc::as_ptr(consumer.context());
    // SAFETY: the consumer is ours, no message of it is borrowed any more (they hold a borrow), and nothing of it is used after that: its drop, which would
    // destroy the client again, is not run. The context's count was raised by the consumer, and its drop would have lowered it; librdkafka calls
    // nothing of it after the client is destroyed.
    unsafe {
        sys::rd_kafka_destroy_flags(client, sys::RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        Arc::decrement_strong_count(context);
    }
}

/// Ends a consumer politely (its group rebalances at once), or, if that takes longer than `time`, as [`abandon`] does.
pub(super) fn close<C: ConsumerContext>(consumer: BaseConsumer<C>, time: Duration) {
    let deadline = Instant::now() + time;
    let closing = consumer.close_queue();
    let mut fatal = matches!(closing, Err(KafkaError::ConsumerQueueClose(_)));
    while !fatal && !consumer.closed() {
        // Rebalances are served by this: what is revoked is written down.
        drop(consumer.poll(Duration::from_millis(20)));
        fatal = Instant::now() >= deadline;
    }
    if consumer.closed() { drop(consumer) } else { abandon(consumer) }
}
