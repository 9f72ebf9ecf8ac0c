//! The memory of an engine: one range of addresses, as long as it may ever be, of which the system gives pages
//! as they are touched.

use std::io;
use std::sync::Arc;

/// A range of addresses that is ours; the end of the last one who has it gives it back.
pub struct Range {
    base: *mut u8,
    bytes: usize,
}

// SAFETY: it is only a place; who writes where is said by the kernels.
unsafe impl Send for Range {}
// SAFETY: as above.
unsafe impl Sync for Range {}

impl Drop for Range {
    fn drop(&mut self) {
        system::release(self.base, self.bytes);
    }
}

/// The memory. What is beyond `size` bytes may not be touched yet.
pub struct Memory {
    range: Arc<Range>,
    size: usize,
}

/// Kernels may be given places from here on: what is below holds their arguments, and 0 is no place.
pub const FIRST: usize = 8192;

impl Memory {
    /// Reserves a range of `limit` bytes.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn reserve(limit: usize) -> io::Result<Self> {
        let range = Range { base: system::reserve(limit)?, bytes: limit };
        let mut memory = Self { range: Arc::new(range), size: 0 };
        memory.grow(FIRST)?;
        Ok(memory)
    }

    /// Bytes that may be touched.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Bytes that it may ever have.
    pub fn limit(&self) -> usize {
        self.range.bytes
    }

    /// The first byte.
    pub fn base(&self) -> *mut u8 {
        self.range.base
    }

    /// The range itself, for who needs it longer than the memory lives.
    pub fn range(&self) -> Arc<Range> {
        Arc::clone(&self.range)
    }

    /// Makes it `size` bytes long, at least.
    ///
    /// # Errors
    ///
    /// Beyond the limit, or where the system refuses.
    pub fn grow(&mut self, size: usize) -> io::Result<()> {
        if size > self.limit() {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        if size > self.size {
            system::commit(self.base().wrapping_add(self.size), size - self.size)?;
            self.size = size;
        }
        Ok(())
    }

    /// Gives the pages that lie wholly in a range back to the system. They may still be touched; what they held is lost.
    pub fn discard(&self, at: usize, bytes: usize) {
        let page = system::page();
        let from = at.max(FIRST).next_multiple_of(page);
        let to = at.saturating_add(bytes).min(self.size) / page * page;
        if from < to {
            system::discard(self.base().wrapping_add(from), to - from);
        }
    }

    /// The place of an address that has `bytes` bytes behind it; nothing for one that has not.
    pub fn at(&self, address: f64, bytes: f64) -> Option<*mut u8> {
        let inside = address >= FIRST as f64 && bytes >= 0.0 && address + bytes <= self.size as f64;
        (inside && address.fract() == 0.0).then(|| self.base().wrapping_add(address as usize))
    }
}

#[cfg(unix)]
mod system {
    use std::io;
    use std::ptr::null_mut;

    pub fn page() -> usize {
        // SAFETY: asks for a number.
        (unsafe { libc::sysconf(libc::_SC_PAGESIZE) }) as usize
    }

    pub fn reserve(bytes: usize) -> io::Result<*mut u8> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
        // SAFETY: a new range, anywhere.
        let base = unsafe { libc::mmap(null_mut(), bytes, access, kind, -1, 0) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // Large pages: fewer faults, fewer lookups. Where there are none, this changes nothing.
        #[cfg(target_os = "linux")]
        // SAFETY: the range is ours.
        unsafe {
            libc::madvise(base, bytes, libc::MADV_HUGEPAGE);
        }
        Ok(base.cast())
    }

    pub fn commit(_: *mut u8, _: usize) -> io::Result<()> {
        Ok(())
    }

    pub fn discard(at: *mut u8, bytes: usize) {
        #[cfg(target_os = "linux")]
        let advice = libc::MADV_DONTNEED;
        #[cfg(not(target_os = "linux"))]
        let advice = libc::MADV_FREE;
        // SAFETY: whole pages of a range that is ours, whose values nobody keeps.
        unsafe {
            libc::madvise(at.cast(), bytes, advice);
        }
    }

    pub fn release(at: *mut u8, bytes: usize) {
        // SAFETY: the range of `reserve`, which nobody uses any more.
        unsafe {
            libc::munmap(at.cast(), bytes);
        }
    }
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::ptr::null;
    use windows_sys::Win32::System::Memory::{
        MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, MEM_RESET, PAGE_READWRITE, VirtualAlloc, VirtualFree,
    };

    /// A page, and what ranges are multiples of.
    pub fn page() -> usize {
        65_536
    }

    pub fn reserve(bytes: usize) -> io::Result<*mut u8> {
        // SAFETY: a new range, anywhere.
        let base = unsafe { VirtualAlloc(null(), bytes, MEM_RESERVE, PAGE_READWRITE) };
        if base.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(base.cast())
    }

    pub fn commit(at: *mut u8, bytes: usize) -> io::Result<()> {
        // SAFETY: inside the range of `reserve`.
        let done = unsafe { VirtualAlloc(at.cast(), bytes, MEM_COMMIT, PAGE_READWRITE) };
        if done.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    pub fn discard(at: *mut u8, bytes: usize) {
        // SAFETY: whole pages of the range, whose values nobody keeps.
        unsafe {
            VirtualAlloc(at.cast(), bytes, MEM_RESET, PAGE_READWRITE);
        }
    }

    pub fn release(at: *mut u8, _: usize) {
        // SAFETY: the range of `reserve`, which nobody uses any more.
        unsafe {
            VirtualFree(at.cast(), 0, MEM_RELEASE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_its_limit_and_says_what_is_inside() {
        let mut memory = Memory::reserve(1 << 33).unwrap();
        assert!(memory.at(8192.0, 1.0).is_none());
        memory.grow(5 << 30).unwrap();
        assert!(memory.grow(9 << 30).is_err());
        let far = (5u64 << 30) as f64 - 4.0;
        let place = memory.at(far, 4.0).unwrap().cast::<f32>();
        // SAFETY: the four bytes were said to be inside.
        unsafe {
            place.write(3.0);
            assert_eq!(place.read(), 3.0);
        }
        for (address, bytes) in [
            (0.0, 4.0),
            (far, 5.0),
            (8192.5, 4.0),
            (-4.0, 4.0),
            (f64::NAN, 4.0),
            (8192.0, f64::NAN),
            (8192.0, f64::INFINITY),
            (8192.0, -1.0),
        ] {
            assert!(memory.at(address, bytes).is_none(), "{address} {bytes}");
        }
    }

    #[test]
    fn discarded_pages_may_be_used_again() {
        let mut memory = Memory::reserve(1 << 26).unwrap();
        memory.grow(1 << 25).unwrap();
        let place = memory.at(1048576.0, 1048576.0).unwrap();
        // SAFETY: a megabyte inside.
        unsafe {
            place.write_bytes(7, 1 << 20);
            memory.discard(1 << 20, 1 << 20);
            place.write_bytes(9, 1 << 20);
            assert_eq!(place.read(), 9);
        }
    }
}
