//! Drives the core with a clock, sockets, a file and a sink.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderValue};

use super::details::Details;
use super::handover::{Handover, News, lock};
use super::progress::Progress;
use message_trace_collector::ledger::{FileLedger, Ledger as _, LedgerError};
use message_trace_collector::poll::{
    Answer, Call, Core, Delivery, Effect, Fault, Input, Outcome, Settings, Trouble,
};
use message_trace_net::auth::Authenticator;
use message_trace_net::http::{Bearer, Origin, Transport, TransportError, retry_after};
use message_trace_remedy::Remedy;
use message_trace_sources::Source;

/// Threads that wait for answers: as many as the core has requests under way.
const FETCHERS: usize = 2;

/// The way to the service.
pub(super) struct Service {
    pub(super) source: &'static dyn Source,
    /// Where message traces are, path included: `…/v1.0/admin/exchange/tracing`.
    pub(super) tracing: Origin,
    pub(super) authenticator: Authenticator,
    pub(super) transport: Arc<dyn Transport>,
}

/// How often a sink that is behind is looked after while nothing is delivered.
const CATCH_UP: Duration = Duration::from_secs(5);

/// What a fetcher is asked to do.
enum Job {
    Fetch(u64, Call),
    Renew(u64),
}

/// The time: the wall clock at the start, then only what has passed since. A wall clock that is set while polling
/// changes nothing.
pub(super) struct Clock {
    began: Instant,
    began_ms: i64,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            began: Instant::now(),
            began_ms: in_ms(SystemTime::now()),
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.began_ms
            .saturating_add(i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// Milliseconds since 1970-01-01 UTC.
fn in_ms(time: SystemTime) -> i64 {
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or_else(|before| -ms(before.duration()), ms)
}

/// Polls until the core ends. `on_start` is given the way to tell the core something from outside.
pub(super) fn drive(
    settings: Settings,
    service: Service,
    ledger: &mut FileLedger,
    handover: &mut Handover,
    clock: &Clock,
    log_interval: Duration,
    on_start: impl FnOnce(Sender<Input>),
) -> Outcome {
    let state = match ledger.load() {
        Ok(state) => state,
        Err(error) => return Outcome::Failed(of_ledger(&error)),
    };
    let is_once = settings.once;
    let core = Core::new(settings, ledger.keys(), state, clock.now_ms());
    let (inputs, arrived) = channel();
    on_start(inputs.clone());
    let jobs = fetchers(&Arc::new(service), &inputs);
    let (deliveries, queue) = channel();
    let (news, details) = (handover.news(), handover.details());
    thread::scope(|scope| {
        // A sink may take its time: requests, signals and the live line do not wait for it.
        scope.spawn(move || hand_over(handover, &queue, &inputs));
        let mut driver = Driver {
            core,
            ledger,
            clock,
            jobs,
            deliveries,
            news,
            accepted: Vec::new(),
            details,
            given_up: 0,
            progress: Progress::start(log_interval, is_once),
        };
        let outcome = driver.run(&arrived);
        driver.tell_dead_letters();
        driver.tell_details();
        driver.progress.end(&driver.core.status(clock.now_ms()), &outcome);
        outcome
    })
}

/// Delivers what is queued, until nothing can be queued any more.
fn hand_over(handover: &mut Handover, queue: &Receiver<Arc<Delivery>>, inputs: &Sender<Input>) {
    loop {
        let delivery = match queue.recv_timeout(CATCH_UP) {
            Ok(delivery) => delivery,
            Err(RecvTimeoutError::Timeout) => {
                // Also where no rows come: the next delivery says what is wrong.
                if let Err(failure) = handover.catch_up() {
                    log::debug!("{failure}");
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let news = handover.news();
        let answer = catch_unwind(AssertUnwindSafe(|| handover.answer(&delivery)));
        let input = answer.unwrap_or_else(|_| {
            // The driver waits for an answer; without one it would wait for ever.
            lock(&news).fatal = Some(Fault::new(
                Remedy::Report,
                "internal: delivering failed; please report it",
            ));
            Input::Timer
        });
        if inputs.send(input).is_err() {
            return;
        }
    }
}

struct Driver<'a> {
    core: Core,
    ledger: &'a mut FileLedger,
    clock: &'a Clock,
    jobs: Sender<Job>,
    deliveries: Sender<Arc<Delivery>>,
    news: Arc<Mutex<News>>,
    /// The keys of sinks that are in the ledger's notes.
    accepted: Vec<String>,
    /// The rows that are asked about.
    details: Option<Details>,
    /// Rows that were asked about often enough.
    given_up: u64,
    progress: Progress,
}

impl Driver<'_> {
    fn run(&mut self, arrived: &Receiver<Input>) -> Outcome {
        let mut inputs = VecDeque::from([Input::Timer]);
        let mut wake_ms = i64::MAX;
        self.accepted = self
            .ledger
            .notes()
            .map(|notes| notes.accepted)
            .unwrap_or_default();
        loop {
            if let Some(fault) = self.hear() {
                return Outcome::Failed(fault);
            }
            while let Some(input) = inputs.pop_front() {
                if let Some(details) = &self.details {
                    self.core.let_asks_follow(details.follow());
                }
                for effect in self.core.step(self.clock.now_ms(), input) {
                    match effect {
                        Effect::Wait { until_ms } => wake_ms = until_ms,
                        Effect::Finish(outcome) => return outcome,
                        effect => match self.act(effect) {
                            Ok(input) => inputs.extend(input),
                            Err(outcome) => return outcome,
                        },
                    }
                }
            }
            let due_ms = self.ask_next(&mut inputs);
            if !inputs.is_empty() {
                continue;
            }
            let now_ms = self.clock.now_ms();
            let wake_ms = wake_ms.min(due_ms);
            self.progress.show(|| self.core.status(now_ms));
            let wait_ms = u64::try_from(wake_ms.saturating_sub(now_ms)).unwrap_or(0);
            let wait = Duration::from_millis(wait_ms).min(self.progress.interval());
            inputs.push_back(match arrived.recv_timeout(wait) {
                Ok(input) => input,
                Err(RecvTimeoutError::Timeout) => Input::Timer,
                Err(RecvTimeoutError::Disconnected) => Input::Stop,
            });
        }
    }

    /// Does what the core wants done. What is known at once is given back; answers come through the channel.
    fn act(&mut self, effect: Effect) -> Result<Option<Input>, Outcome> {
        match effect {
            Effect::Request {
                request,
                call,
                at_ms,
                forget_before_ms,
            } => {
                // Before it is sent: a program killed right after must find it in the budget.
                if let Err(error) = self.ledger.charge(at_ms, forget_before_ms) {
                    let fault = can_heal(&error).then(|| of_ledger(&error));
                    let fault = fault.ok_or_else(|| Outcome::Failed(of_ledger(&error)))?;
                    return Ok(Some(Input::Failed {
                        request,
                        trouble: Trouble::Network(fault),
                    }));
                }
                match call {
                    Call::Details(_) => log::debug!(request; "asking about a message"),
                    _ => {
                        log::debug!(request, is_first = matches!(call, Call::List(_)); "asking for a page");
                    }
                }
                self.hand(Job::Fetch(request, call));
                Ok(None)
            }
            Effect::RenewToken { request } => {
                self.hand(Job::Renew(request));
                Ok(None)
            }
            Effect::LookUp(keys) => match self.ledger.look_up(&keys) {
                Ok(known) => Ok(Some(Input::LookedUp(known))),
                Err(error) => Err(Outcome::Failed(of_ledger(&error))),
            },
            Effect::Deliver(delivery) => {
                // The thread lives as long as this sender.
                if self.deliveries.send(delivery).is_err() {
                    log::error!("no thread is left to deliver");
                }
                Ok(None)
            }
            Effect::Commit(transaction) => match self.ledger.commit(&transaction) {
                Ok(()) => Ok(Some(Input::Committed)),
                Err(error) if can_heal(&error) => Ok(Some(Input::NotCommitted(of_ledger(&error)))),
                Err(error) => Err(Outcome::Failed(of_ledger(&error))),
            },
            Effect::Asked { key, sequence } => {
                if let Some(details) = &self.details {
                    details.done(key, sequence);
                }
                Ok(None)
            }
            Effect::AskLater { key, sequence } => {
                let retained_s = self.core.retained_s(self.clock.now_ms());
                if let Some(details) = &self.details
                    && details.later((key, sequence), retained_s)
                {
                    self.given_up += 1;
                }
                Ok(None)
            }
            Effect::Report(report) => {
                self.progress.report(&report);
                Ok(None)
            }
            Effect::Wait { .. } | Effect::Finish(_) => Ok(None),
        }
    }

    /// Lets the core ask about a row that is due. Gives when the next one is.
    fn ask_next(&mut self, inputs: &mut VecDeque<Input>) -> i64 {
        let Some(details) = &self.details else {
            return i64::MAX;
        };
        if !self.core.is_free_to_ask() {
            return i64::MAX;
        }
        match details.next() {
            Some(ask) => inputs.push_back(Input::Ask(ask)),
            None => {
                // It waited for this one; it may end now.
                if self.core.let_asks_follow(false) {
                    inputs.push_back(Input::Timer);
                }
                return details.next_due_ms().unwrap_or(i64::MAX);
            }
        }
        i64::MAX
    }

    /// Says what became of the rows that were asked about.
    fn tell_details(&self) {
        if let Some(details) = &self.details {
            let delivered = self.core.status(self.clock.now_ms()).tally.details;
            details.tell(delivered, self.given_up);
        }
    }

    /// Takes in what the handover tells: sinks that work are noted, so that the next run knows it.
    fn hear(&mut self) -> Option<Fault> {
        self.tell_dead_letters();
        let (accepted, fatal) = {
            let mut news = lock(&self.news);
            (news.accepted.clone(), news.fatal.take())
        };
        for key in accepted {
            if !self.accepted.contains(&key) {
                if let Err(error) = self.ledger.note_accepted(&key) {
                    // The commit that follows says what is wrong with the ledger.
                    log::debug!("{error}");
                }
                self.accepted.push(key);
            }
        }
        fatal
    }

    fn tell_dead_letters(&mut self) {
        self.progress.dead_letters = lock(&self.news).dead_letters;
    }

    fn hand(&self, job: Job) {
        // The fetchers live as long as this sender.
        if self.jobs.send(job).is_err() {
            log::error!("no thread is left to fetch pages");
        }
    }
}

fn of_ledger(error: &LedgerError) -> Fault {
    Fault::new(error.remedy(), error.to_string())
}

/// Whether room or rights may come back while the program waits.
fn can_heal(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Full(_) | LedgerError::Unusable(..))
}

fn fetchers(service: &Arc<Service>, inputs: &Sender<Input>) -> Sender<Job> {
    let (jobs, queue) = channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    let last: Arc<Mutex<Option<Bearer>>> = Arc::default();
    for _ in 0..FETCHERS {
        let (queue, inputs, service, last) = (
            Arc::clone(&queue),
            inputs.clone(),
            Arc::clone(service),
            Arc::clone(&last),
        );
        thread::spawn(move || {
            loop {
                let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let input = match job {
                    Ok(Job::Fetch(request, call)) => service.fetch(request, &call, &last),
                    Ok(Job::Renew(request)) => service.renew(request, &last),
                    Err(_) => return,
                };
                if inputs.send(input).is_err() {
                    return;
                }
            }
        });
    }
    jobs
}

impl Service {
    fn fetch(&self, request: u64, call: &Call, last: &Mutex<Option<Bearer>>) -> Input {
        match self.answer(call, last) {
            Ok(answer) => Input::Answered { request, answer },
            Err(trouble) => Input::Failed { request, trouble },
        }
    }

    fn answer(&self, call: &Call, last: &Mutex<Option<Bearer>>) -> Result<Answer, Trouble> {
        let link = match call {
            Call::List(query) => self.tracing.link(&self.source.path(query)),
            Call::Next(link) => match self.source.next_path(link) {
                Some(path) => self.tracing.link(&path),
                None => self.tracing.admit(link),
            },
            Call::Details(query) => self.tracing.link(&self.source.details_path(query)),
        };
        let link = link.map_err(|_| Trouble::LinkElsewhere)?;
        let bearer = self.authenticator.token().map_err(|error| no_token(&error))?;
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(bearer.clone());
        let title = self.source.title();
        let network =
            |error: TransportError| Trouble::Network(Fault::new(error.remedy(), format!("{title}: {error}")));
        let mut request = link.get(&bearer).map_err(network)?;
        let headers = request.headers_mut();
        headers.insert(http::header::ACCEPT, HeaderValue::from_static("application/json"));
        // Without it, a recalled message's status is `unknownFutureValue`.
        headers.insert("prefer", HeaderValue::from_static("include-unknown-enum-members"));
        let answer = self.transport.send(request).map_err(network)?;
        self.authenticator.note_date(answer.headers());
        let (head, body) = answer.into_parts();
        Ok(Answer {
            status: head.status.as_u16(),
            content_type: text(&head.headers, http::header::CONTENT_TYPE.as_str()),
            retry_after_ms: retry_after(&head.headers, SystemTime::now())
                .map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
            date_ms: text(&head.headers, http::header::DATE.as_str())
                .and_then(|date| httpdate::parse_http_date(&date).ok())
                .map(in_ms),
            body,
        })
    }

    fn renew(&self, request: u64, last: &Mutex<Option<Bearer>>) -> Input {
        let refused = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let renewed = match refused {
            Some(refused) => self.authenticator.replace(&refused),
            None => self.authenticator.token(),
        };
        match renewed {
            Ok(_) => Input::TokenRenewed,
            Err(error) => Input::Failed {
                request,
                trouble: no_token(&error),
            },
        }
    }
}

fn no_token(error: &message_trace_net::auth::AuthError) -> Trouble {
    Trouble::NoToken {
        fault: Fault::new(error.remedy(), error.to_string()),
        retry_after_ms: error
            .retry_after()
            .map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
