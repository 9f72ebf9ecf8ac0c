//! Scratch memory that grows when more is asked for.

/// Floats whose values nobody keeps.
#[derive(Default)]
pub struct Space {
    floats: Vec<f32>,
}

const LINE: usize = 16; // floats of a line of the cache

impl Space {
    /// Room for `count` floats, at the beginning of a line of the cache; it holds until the next call.
    pub fn floats(&mut self, count: usize) -> *mut f32 {
        let wanted = count + LINE;
        if self.floats.len() < wanted {
            // The old one first, so that there are never both.
            self.floats = Vec::new();
            self.floats = vec![0.0; wanted];
        }
        let start = self.floats.as_mut_ptr();
        let beyond = start as usize / size_of::<f32>() % LINE;
        start.wrapping_add((LINE - beyond) % LINE)
    }
}

/// What one thread works with.
#[derive(Default)]
pub struct Workspace {
    pub scratch: Space,
    /// Packed parts of a matrix.
    pub packed: Space,
}
