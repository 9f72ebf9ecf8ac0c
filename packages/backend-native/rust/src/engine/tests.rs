//! Wrong calls are refused, and no call touches what is not its memory.

use super::*;
use crate::generated;
use crate::memory::FIRST;

/// Numbers that follow from a seed alone.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % n
    }
}

const SIZE: usize = 1 << 16;

/// A place in the memory, not far from its end.
fn place(random: &mut Random) -> f64 {
    (FIRST + 4 * random.below((SIZE - FIRST) / 4)) as f64
}

/// A value that is no place, no number of things, no flag: or just a bad one.
fn wrong(random: &mut Random) -> f64 {
    let odd = [f64::NAN, f64::INFINITY, -1.0, 0.5, -0.0, 1e300, 4e16, 0.0, 1.0, 200.0, 3000.0];
    odd[random.below(odd.len())]
}

/// A value of a kind of argument, mostly; whether it fits the others nobody has looked.
fn value(kind: char, random: &mut Random) -> f64 {
    if random.below(40) == 0 {
        return wrong(random);
    }
    match kind {
        'p' => place(random),
        'b' => random.below(2) as f64,
        'c' => random.below(22) as f64,
        _ => {
            let most = [4, 12, 70][random.below(3)];
            random.below(most) as f64
        }
    }
}

fn values_of(kernel: usize, random: &mut Random) -> Vec<f64> {
    let kinds = generated::KINDS.get(kernel).copied().unwrap_or("nnp");
    let mut values: Vec<f64> = kinds.chars().map(|kind| value(kind, random)).collect();
    if random.below(50) == 0 {
        values.truncate(random.below(20));
    }
    values
}

#[test]
fn no_call_touches_what_is_not_its_memory() {
    for set in Instructions::here() {
        // The last page ends where the range does: what is beyond it is no memory at all.
        let mut memory = Memory::reserve(SIZE).unwrap();
        memory.grow(SIZE).unwrap();
        let mut engine = Engine::start(memory, set, 1);
        let mut random = Random(0x5eed);
        let mut ran = [0; 32];
        let mut refused = 0;
        for _ in 0..if cfg!(miri) { 300 } else { 60_000 } {
            let kernel = random.below(generated::NAMES.len() + 1);
            let values = values_of(kernel, &mut random);
            let tasks = match (random.below(20), values.as_slice()) {
                (0, _) => random.below(9),
                (_, [items, chunk, ..]) if kernel > 0 && *chunk >= 1.0 && *items >= 0.0 => {
                    (items / chunk).ceil().clamp(1.0, 1e5) as usize
                }
                _ => 1,
            };
            match engine.run(kernel as u32, &values, tasks) {
                Ok(()) => ran[kernel] += 1,
                Err(why) => {
                    assert!(why.contains(": "), "{why}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 50);
        for (kernel, name) in generated::NAMES.iter().enumerate() {
            assert!(cfg!(miri) || ran[kernel] > 0, "{name} never ran");
        }
    }
}

#[test]
fn a_disposed_engine_refuses() {
    let mut memory = Memory::reserve(SIZE).unwrap();
    memory.grow(SIZE).unwrap();
    let mut engine = Engine::start(memory, Instructions::Plain, 2);
    engine.stop();
    let fill = [4.0, 4.0, 1.0, 16384.0];
    let why = engine.run(generated::number::FILL, &fill, 1).unwrap_err();
    assert!(why.contains("disposed"), "{why}");
}
