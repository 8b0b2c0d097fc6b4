//! What an instruction costs in an interpreter that keeps locals in registers.

use wasmi::OperatorCost;

/// One for each instruction, none for those that such an interpreter translates away.
pub(crate) fn interpreter() -> OperatorCost {
    OperatorCost {
        nop: 0,
        block: 0,
        loop_: 0,
        end: 0,
        drop: 0,
        local_get: 0,
        local_set: 0,
        local_tee: 0,
        i32_const: 0,
        i64_const: 0,
        f32_const: 0,
        f64_const: 0,
        ..OperatorCost::default()
    }
}
