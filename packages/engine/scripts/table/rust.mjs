// The Rust side of the table: numbers, one struct a kernel, and the checks of a call from JavaScript.
import { comment, describe, digestOf, pascal, STAMP, snake, upper } from './names.mjs';

const TYPES = { float: 'f32', int: 'i32', word: 'u32', byte: 'u8' };

function typeOf({ type, access, of }) {
  if (type === 'place') return `*${access === 'read' ? 'const' : 'mut'} ${TYPES[of]}`;
  return { count: 'usize', flag: 'bool', code: 'u32', word: 'i32', float: 'f32' }[type];
}

/** An extent of the table, in Rust: all of it in f64, so that nothing wraps. */
const inRust = (extent) => snake(extent).replaceAll(/(?<![\w.])\d+\b/g, '$&.0');

/** The field of a struct, read and checked. */
function field(name, argument) {
  const own = snake(name);
  if (argument.type === 'place') {
    const { access, extent, optional, of } = argument;
    const door = `${optional ? 'optional_' : ''}${access === 'read' ? 'source' : 'target'}`;
    const extentInRust = inRust(extent);
    return `        ${own}: given.${door}::<${TYPES[of]}>("${name}", ${own}, "${extent}", ${extentInRust})?,`;
  }
  const value = {
    count: `${own} as usize`,
    flag: `${own} == 1.0`,
    code: `${own} as u32`,
    word: `${own} as i32`,
    float: `${own} as f32`,
  }[argument.type];
  return `        ${own}: ${value},`;
}

function checkOf(name, { type, least, functions }) {
  const own = snake(name);
  if (type === 'count') return `    given.whole("${name}", ${own}, ${least}.0, MOST)?;`;
  if (type === 'flag') return `    given.whole("${name}", ${own}, 0.0, 1.0)?;`;
  if (type === 'code') return `    given.whole("${name}", ${own}, 0.0, ${functions - 1}.0)?;`;
  if (type === 'word') return `    given.whole("${name}", ${own}, -2147483648.0, 2147483647.0)?;`;
  return undefined;
}

function structOf([name, { doc, arguments: args }]) {
  const fields = Object.entries(args).flatMap(([argument, what]) => {
    const text = describe(what);
    return [
      ...(text === undefined ? [] : comment(text, '    ///', 100)),
      `    pub ${snake(argument)}: ${typeOf(what)},`,
    ];
  });
  return [
    ...comment(doc, '///', 100),
    '#[derive(Clone, Copy, Debug)]',
    `pub struct ${pascal(name)} {`,
    ...fields,
    '}',
    '',
  ];
}

function decoderOf([name, { cut, arguments: args, excludes = [], needs = [] }]) {
  const entries = Object.entries(args);
  const checks = entries.flatMap(([argument, what]) => checkOf(argument, what) ?? []);
  const usesTasks = entries.some(([, { extent }]) => extent?.includes('tasks'));
  return [
    '#[rustfmt::skip]',
    `fn ${snake(name)}(given: &Given) -> Result<Call, String> {`,
    `    let [${entries.map(([argument]) => snake(argument)).join(', ')}] = *given.words::<${entries.length}>()?;`,
    ...checks,
    cut ? '    given.cut(items, chunk)?;' : '    given.one_task()?;',
    ...(usesTasks ? ['    let tasks = given.tasks as f64;'] : []),
    ...excludes.map(([a, b]) => `    given.excludes("${a}", ${snake(a)}, "${b}", ${snake(b)})?;`),
    ...needs.map(([a, b]) => `    given.needs("${a}", ${snake(a)}, "${b}", ${snake(b)})?;`),
    `    Ok(Call::${pascal(name)}(${pascal(name)} {`,
    ...entries.map(([argument, what]) => field(argument, what)),
    '    }))',
    '}',
    '',
  ];
}

const PRELUDE = `
/// The largest whole number that f64 counts up to without a gap.
const MOST: f64 = 9007199254740992.0;

/// A call as it comes from JavaScript.
struct Given<'a> {
    kernel: &'static str,
    values: &'a [f64],
    tasks: usize,
    memory: &'a Memory,
}

impl Given<'_> {
    fn words<const N: usize>(&self) -> Result<&[f64; N], String> {
        let (kernel, got) = (self.kernel, self.values.len());
        self.values
            .try_into()
            .map_err(|_| format!("{kernel}: arguments must be {N} numbers, got {got}"))
    }

    fn whole(&self, name: &str, value: f64, least: f64, most: f64) -> Result<(), String> {
        if value >= least && value <= most && value.fract() == 0.0 {
            return Ok(());
        }
        let kernel = self.kernel;
        Err(format!("{kernel}: {name} must be a whole number from {least} to {most}, got {value}"))
    }

    /// Every item must belong to exactly one task, and every task must have an item.
    fn cut(&self, items: f64, chunk: f64) -> Result<(), String> {
        let (kernel, got) = (self.kernel, self.tasks);
        let wanted = (items / chunk).ceil().max(1.0);
        if (chunk > 0.0 || items == 0.0) && (got as f64 == wanted || (items == 0.0 && got == 1)) {
            return Ok(());
        }
        Err(format!(
            "{kernel}: tasks must be ceil(items / chunk) = ceil({items} / {chunk}), got {got}"
        ))
    }

    fn one_task(&self) -> Result<(), String> {
        let (kernel, got) = (self.kernel, self.tasks);
        if got == 1 {
            return Ok(());
        }
        Err(format!("{kernel}: tasks must be 1, got {got}"))
    }

    fn excludes(&self, a: &str, at: f64, b: &str, flag: f64) -> Result<(), String> {
        if at == 0.0 || flag == 0.0 {
            return Ok(());
        }
        let kernel = self.kernel;
        Err(format!("{kernel}: {a} must be 0 with {b}, got address {at}"))
    }

    fn needs(&self, a: &str, at: f64, b: &str, other: f64) -> Result<(), String> {
        if at == 0.0 || other != 0.0 {
            return Ok(());
        }
        let kernel = self.kernel;
        Err(format!("{kernel}: {a} must be 0 without {b}, got address {at}"))
    }

    /// Where \`count\` elements lie that are written. Nothing may be touched there if there are none.
    fn target<T>(&self, name: &str, at: f64, extent: &str, count: f64) -> Result<*mut T, String> {
        let size = size_of::<T>() as f64;
        let aligned = at > 0.0 && at <= MOST && at % size == 0.0;
        if aligned && count == 0.0 {
            return Ok(std::ptr::NonNull::dangling().as_ptr());
        }
        let found = if aligned { self.memory.at(at, count * size) } else { None };
        found.map(|place| place.cast()).ok_or_else(|| {
            let kernel = self.kernel;
            format!(
                "{kernel}: {name} must have {extent} = {count} elements of {size} bytes \\
                 inside the memory, got address {at}"
            )
        })
    }

    /// The same of what is read.
    fn source<T>(&self, name: &str, at: f64, extent: &str, count: f64) -> Result<*const T, String> {
        Ok(self.target::<T>(name, at, extent, count)?.cast_const())
    }

    /// The same; address 0 is none, and null.
    fn optional_target<T>(
        &self,
        name: &str,
        at: f64,
        extent: &str,
        count: f64,
    ) -> Result<*mut T, String> {
        if at == 0.0 {
            return Ok(std::ptr::null_mut());
        }
        self.target(name, at, extent, count)
    }

    /// The same of what is read.
    fn optional_source<T>(
        &self,
        name: &str,
        at: f64,
        extent: &str,
        count: f64,
    ) -> Result<*const T, String> {
        Ok(self.optional_target::<T>(name, at, extent, count)?.cast_const())
    }
}

fn ceil(x: f64) -> f64 {
    x.ceil()
}

fn pick(flag: f64, yes: f64, no: f64) -> f64 {
    if flag == 0.0 { no } else { yes }
}

fn span(count: f64, size: f64, stride: f64) -> f64 {
    if count == 0.0 || size == 0.0 {
        return 0.0;
    }
    (count - 1.0) * stride + size
}
`;

/** One letter for what a value must be, for tests that make calls up. */
const KIND = { count: 'n', flag: 'b', code: 'c', word: 'w', float: 'x', place: 'p' };
const kindOf = ({ type }) => KIND[type];

/** The module of the native engine. */
export function rustSource(kernels) {
  const entries = Object.entries(kernels);
  const cutCalls = entries.filter(([, { cut }]) => cut).map(([name]) => pascal(name));
  const wholeCalls = entries.filter(([, { cut }]) => !cut).map(([name]) => pascal(name));
  const lines = [
    `// ${STAMP}`,
    '',
    '//! The kernels of an engine: their numbers, their arguments, and what a call must keep to.',
    '//!',
    '//! A call that decodes touches no memory but its own, if its kernel keeps to what the fields say.',
    '',
    'use crate::memory::Memory;',
    '',
    '/// The number of each kernel.',
    '#[allow(dead_code)]',
    'pub mod number {',
    ...entries.map(([name], i) => `    pub const ${upper(name)}: u32 = ${i};`),
    '}',
    '',
    '/// The name of each kernel, in the order of the numbers.',
    `pub const NAMES: [&str; ${entries.length}] = [`,
    ...entries.map(([name]) => `    "${name}",`),
    '];',
    '',
    '/// The kinds of the arguments of each: n whole number, b flag, c code, w word, x float, p place.',
    '#[cfg(test)]',
    `pub const KINDS: [&str; ${entries.length}] = [`,
    ...entries.map(
      ([, { arguments: args }]) => `    "${Object.values(args).map(kindOf).join('')}",`,
    ),
    '];',
    '',
    '/// Says which table this is: the caller must have the same.',
    `pub const TABLE: &str = "${digestOf(kernels)}";`,
    '',
    ...entries.flatMap(structOf),
    '/// A call whose arguments have been checked.',
    '#[derive(Clone, Copy, Debug)]',
    'pub enum Call {',
    ...entries.map(([name]) => `    ${pascal(name)}(${pascal(name)}),`),
    '}',
    '',
    'impl Call {',
    '    /// The items of a task, as `from..to`; those of a kernel that is not cut are `0..1`.',
    '    pub fn items_of(&self, task: usize) -> (usize, usize) {',
    '        let (items, chunk) = match self {',
    ...cutCalls.map((name) => `            Call::${name}(a) => (a.items, a.chunk),`),
    `            ${wholeCalls.map((name) => `Call::${name}(_)`).join(' | ')} => (1, 1),`,
    '        };',
    '        let from = task.saturating_mul(chunk).min(items);',
    '        (from, from.saturating_add(chunk).min(items))',
    '    }',
    '}',
    '',
    '/// Checks a call: the kernel, the number and kind of its arguments, its cut, and that every place lies in memory.',
    'pub fn decode(kernel: u32, values: &[f64], tasks: usize, memory: &Memory) -> Result<Call, String> {',
    '    let Some(name) = NAMES.get(kernel as usize) else {',
    '        let kernels = NAMES.len();',
    '        return Err(format!("run: kernel must be below {kernels}, got {kernel}"));',
    '    };',
    '    let given = Given { kernel: name, values, tasks, memory };',
    '    match kernel {',
    ...entries
      .slice(0, -1)
      .map(([name]) => `        number::${upper(name)} => ${snake(name)}(&given),`),
    `        _ => ${snake(entries.at(-1)[0])}(&given),`,
    '    }',
    '}',
    ...PRELUDE.split('\n'),
    ...entries.flatMap(decoderOf),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
