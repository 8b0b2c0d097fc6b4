//! What Fluent Bit calls: `filter_wasm` with `Event_Format json`.
//!
//! One instance serves one filter, one call at a time, on one thread. A call is handed tag and record in buffers that
//! Fluent Bit asked [`malloc`] for, and answers with the address of a text that ends with NUL; Fluent Bit copies it
//! before it calls again.
#![expect(unsafe_code, reason = "addresses come in and go out")]

use core::cell::{Cell, RefCell};

use message_trace::Target;

use crate::Filter;
use crate::heap::Heap;

thread_local! {
    static HEAP: RefCell<Heap> = const { RefCell::new(Heap::new()) };
    /// For each function, made when it is first called. Taken out for a call: where a call traps, the filter in it is
    /// lost and the next call makes another one, while the instance goes on.
    static FILTERS: [Cell<Option<Box<Filter>>>; 4] = const { [const { Cell::new(None) }; 4] };
}

/// Makes an export: a filter whose target is fixed, or named by the options.
macro_rules! export {
    ($(#[$doc:meta])* $name:ident, $index:literal, $target:expr) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// `record_len` bytes can be read at `record`, unless it is null.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $name(
            tag: *const u8,
            _tag_len: u32,
            _seconds: u32,
            _nanoseconds: u32,
            record: *const u8,
            record_len: u32,
        ) -> *const u8 {
            // SAFETY: the caller's promise is this function's own.
            unsafe { call($index, $target, tag, record, record_len) }
        }
    };
}

export!(
    /// Events in the target that the options name; without, in `sekoia`.
    message_trace, 0, None
);
export!(
    /// Events in the target `sekoia`.
    message_trace_sekoia, 1, Some(Target::Sekoia)
);
export!(
    /// Events in the target `ecs`.
    message_trace_ecs, 2, Some(Target::Ecs)
);
export!(
    /// Events in the target `ocsf`.
    message_trace_ocsf, 3, Some(Target::Ocsf)
);

/// # Safety
///
/// `record_len` bytes can be read at `record`, unless it is null.
unsafe fn call(
    index: usize,
    target: Option<Target>,
    tag: *const u8,
    record: *const u8,
    record_len: u32,
) -> *const u8 {
    FILTERS.with(|filters| {
        let mut filter = filters[index]
            .take()
            .unwrap_or_else(|| Box::new(Filter::new(target)));
        let text = if record.is_null() {
            filter.lost(record_len)
        } else {
            // SAFETY: the caller's promise; nothing else touches the buffer during the call.
            filter.event(unsafe { core::slice::from_raw_parts(record, record_len as usize) })
        };
        // The text is in a buffer of the filter's own, which stays where it is until the filter's next call.
        let text = text.as_ptr();
        HEAP.with_borrow_mut(|heap| heap.end_call(tag, record));
        filters[index].set(Some(filter));
        text
    })
}

/// A buffer of `len` bytes; null where there is not enough memory.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn malloc(len: u32) -> *mut u8 {
    HEAP.with_borrow_mut(|heap| heap.take(len as usize))
        .unwrap_or(core::ptr::null_mut())
}

/// Takes a buffer back. An address that is none is passed over.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn free(address: *mut u8) {
    HEAP.with_borrow_mut(|heap| heap.give_back(address));
}
