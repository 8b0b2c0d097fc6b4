//! An ordinary row allocates nothing.
#![expect(unsafe_code, reason = "a global allocator is unsafe to implement")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use message_trace::{Normalizer, Options, Target};

/// Counts what the test's own thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const GRAPH: &str = r#"{"id":"4451a062-48cb-e80d-e8c0-196330437ae6","senderAddress":"Alice@example.com","recipientAddress":"bob@example.org","messageId":"<d9683b4c@mail.example.com>","receivedDateTime":"2025-06-13T10:30:00.123Z","subject":"Größere \"Summen\" im \u00dcberblick","size":45678,"fromIP":"2001:db8::1","toIP":"","status":"delivered"}"#;
const REPORTING: &str = r#"{"Organization":"example.onmicrosoft.com","MessageId":"<3a273efc@mail.example.net>","Received":"\/Date(1658751973240)\/","SenderAddress":"<>","RecipientAddress":"bob@example.org","Subject":null,"Status":"Failed","ToIP":null,"FromIP":"192.0.2.1","Size":0,"MessageTraceId":"{4451A062-48CB-E80D-E8C0-196330437AE6}","Index":5}"#;

/// How often the closure allocates.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn rows_of_a_known_shape_allocate_nothing() {
    for target in Target::ALL {
        let options = Options {
            target,
            organization_domains: vec!["example.org".to_owned()],
            ..Options::default()
        };
        let mut normalizer = Normalizer::new(options);
        let batch = format!("{GRAPH}\n{REPORTING}\n").repeat(100);
        let (mut events, mut rejections) = (Vec::new(), Vec::new());
        // The first time there are shapes to learn, and then buffers to grow.
        for _ in 0..2 {
            normalizer.normalize_batch(batch.as_bytes(), &mut events, &mut rejections);
        }
        normalizer
            .normalize(GRAPH.as_bytes(), &mut events)
            .unwrap_or_default();
        events.clear();

        let batched = allocations(|| {
            assert_eq!(
                normalizer.normalize_batch(batch.as_bytes(), &mut events, &mut rejections),
                200
            );
        });
        assert_eq!(batched, 0, "{target:?}, 200 rows in a batch");
        events.clear();
        let single = allocations(|| {
            assert_eq!(normalizer.normalize(GRAPH.as_bytes(), &mut events), Ok(()));
        });
        assert_eq!(single, 0, "{target:?}, one row");
    }
}

/// More shapes than are remembered: most lines of those that are still allocate nothing, and few are learned anew.
#[test]
fn sixteen_shapes_in_turn_are_not_learned_at_every_line() {
    let shape = |number: usize| {
        let unknown = format!("\"unknown-{number}\":{number},");
        GRAPH.replacen('{', &format!("{{{unknown}"), 1) + "\n"
    };
    let batch = (0..16).map(shape).collect::<String>().repeat(100);
    let mut normalizer = Normalizer::new(Options::default());
    let (mut events, mut rejections) = (Vec::new(), Vec::new());
    normalizer.normalize_batch(batch.as_bytes(), &mut events, &mut rejections);
    events.clear();
    let allocations = allocations(|| {
        assert_eq!(
            normalizer.normalize_batch(batch.as_bytes(), &mut events, &mut rejections),
            1600
        );
    });
    // Learning one shape of this row allocates 30 times.
    assert!(allocations < 1600 * 4, "{allocations} allocations for 1,600 rows");
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![5]))), 1);
}
