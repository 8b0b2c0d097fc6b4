;; A guest that obeys nobody. What it does with a batch depends on the bytes in it:
;;   !  spins for ever              ?  traps                      M  takes memory for ever
;;   S  overflows its stack         T  takes table elements for ever
;;   J  gives text that is no JSON  U  gives bytes that are no UTF-8
;;   L  leaves the line feed out    C  counts wrong               P  points outside of its memory
;;   N  refuses line 99             F  puts text of the line into a rejection
;;   H  refuses four million times
;; Any other line becomes the event {}.
(module
  (import "[export]message-trace:events/mapping@0.2.0" "[resource-new]options"
    (func $new_options (param i32) (result i32)))
  (import "[export]message-trace:events/mapping@0.2.0" "[resource-new]normalizer"
    (func $new (param i32) (result i32)))
  (memory (export "memory") 2)
  (table $table 1 funcref)
  (global $top (mut i32) (i32.const 65536))
  (data (i32.const 1024) "{}\n{\"a\":}\n{\"\ff\":1}\n{}leaked subject of a line")

  (func $realloc (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32)
    (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
    (global.set $top (i32.add (local.get $at) (local.get $size)))
    (block $fits
      (loop $more
        (br_if $fits (i32.le_u (global.get $top) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
      unreachable)
    (local.get $at))

  ;; Whether the bytes hold one of that kind.
  (func $has (param $at i32) (param $size i32) (param $byte i32) (result i32) (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (block $no
      (loop $next
        (br_if $no (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eq (i32.load8_u (local.get $at)) (local.get $byte)) (then (return (i32.const 1))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func $overflow (result i32) (i32.add (call $overflow) (i32.const 1)))

  ;; Writes the record `batch` and gives its address.
  (func $answer (param $events i32) (param $size i32) (param $count i32) (param $refused i32) (param $refusals i32)
    (result i32)
    ;; The events are a chunk of bytes: case 0.
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.store (i32.const 4) (local.get $events))
    (i32.store (i32.const 8) (local.get $size))
    (i32.store (i32.const 12) (local.get $count))
    (i32.store (i32.const 16) (local.get $refused))
    (i32.store (i32.const 20) (local.get $refusals))
    (i32.const 0))

  (func $batch (param $self i32) (param $at i32) (param $size i32) (result i32)
    (local $out i32) (local $count i32) (local $end i32)
    (if (call $has (local.get $at) (local.get $size) (i32.const 33)) (then (loop $spin (br $spin))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 63)) (then unreachable))
    (if (call $has (local.get $at) (local.get $size) (i32.const 77))
      (then (loop $grow (drop (memory.grow (i32.const 1))) (br $grow))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 83)) (then (drop (call $overflow))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 84))
      (then (loop $grow (drop (table.grow $table (ref.null func) (i32.const 1000))) (br $grow))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 74))
      (then (return (call $answer (i32.const 1027) (i32.const 7) (i32.const 1) (i32.const 0) (i32.const 0)))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 85))
      (then (return (call $answer (i32.const 1034) (i32.const 8) (i32.const 1) (i32.const 0) (i32.const 0)))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 76))
      (then (return (call $answer (i32.const 1042) (i32.const 2) (i32.const 1) (i32.const 0) (i32.const 0)))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 67))
      (then (return (call $answer (i32.const 1024) (i32.const 3) (i32.const 7) (i32.const 0) (i32.const 0)))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 80))
      (then (return (call $answer (i32.const 0x7ffffff0) (i32.const 3) (i32.const 1) (i32.const 0) (i32.const 0)))))
    ;; A rejection is: line, case, payload (address and size of a text, or a number).
    (if (call $has (local.get $at) (local.get $size) (i32.const 78))
      (then
        (i32.store (i32.const 2048) (i32.const 99))
        (i32.store8 (i32.const 2052) (i32.const 1))
        (return (call $answer (i32.const 1024) (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 1)))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 70))
      (then
        (i32.store (i32.const 2048) (i32.const 1))
        (i32.store8 (i32.const 2052) (i32.const 2))
        (i32.store (i32.const 2056) (i32.const 1044))
        (i32.store (i32.const 2060) (i32.const 24))
        (return (call $answer (i32.const 1024) (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 1)))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 72))
      (then
        (local.set $out (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 60000000)))
        (return (call $answer (i32.const 1024) (i32.const 0) (i32.const 0) (local.get $out) (i32.const 3700000)))))
    ;; {} for each line feed.
    (local.set $out (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.mul (local.get $size) (i32.const 3))))
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 10))
          (then
            (memory.copy
              (i32.add (local.get $out) (i32.mul (local.get $count) (i32.const 3))) (i32.const 1024) (i32.const 3))
            (local.set $count (i32.add (local.get $count) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $answer
      (local.get $out) (i32.mul (local.get $count) (i32.const 3)) (local.get $count) (i32.const 0) (i32.const 0)))

  ;; A single line becomes the event {}, unless it spins.
  (func $line (param $at i32) (param $size i32) (result i32)
    (if (call $has (local.get $at) (local.get $size) (i32.const 33)) (then (loop $spin (br $spin))))
    (if (call $has (local.get $at) (local.get $size) (i32.const 63)) (then unreachable))
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.store (i32.const 4) (i32.const 1024))
    (i32.store (i32.const 8)
      (select (i32.const 7) (i32.const 2) (call $has (local.get $at) (local.get $size) (i32.const 74))))
    (i32.const 0))

  ;; Every option is taken: the result's case 0.
  (func $taken (result i32)
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.const 0))

  (func (export "message-trace:events/mapping@0.2.0#[constructor]options") (result i32)
    (call $new_options (i32.const 1)))
  (func (export "message-trace:events/mapping@0.2.0#[method]options.set-target")
    (param i32 i32 i32) (result i32) (call $taken))
  (func (export "message-trace:events/mapping@0.2.0#[method]options.add-organization-domain")
    (param i32 i32 i32) (result i32) (call $taken))
  (func (export "message-trace:events/mapping@0.2.0#[method]options.set-tenant-id")
    (param i32 i32 i32) (result i32) (call $taken))
  (func (export "message-trace:events/mapping@0.2.0#[method]options.set-keep-original") (param i32 i32))
  (func (export "message-trace:events/mapping@0.2.0#[method]options.set-max-line-bytes") (param i32 i32))
  (func (export "message-trace:events/mapping@0.2.0#[constructor]normalizer") (param i32) (result i32)
    (call $new (i32.const 1)))
  ;; Of a chunk: its case, its address, its size; then the revisions.
  (func (export "message-trace:events/mapping@0.2.0#[method]normalizer.normalize-batch")
    (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $batch (local.get 0) (local.get 2) (local.get 3)))
  ;; A line; then the revision: its number, the status before and the details, each with whether it is there.
  (func (export "message-trace:events/mapping@0.2.0#[method]normalizer.normalize")
    (param i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32) (result i32)
    (call $line (local.get 1) (local.get 2)))
  (func (export "message-trace:events/mapping@0.2.0#normalize") (param i32 i32) (result i32)
    (call $line (local.get 0) (local.get 1)))
  (func (export "message-trace:events/mapping@0.2.0#about") (result i32) unreachable))
