//! TEMPORARY until the library's `Box<dyn Placement>` can be cloned.
use hash_ring::Placement;

pub trait Cloned: Placement {
    fn cloned(&self) -> Box<dyn Cloned>;
    fn plain(&self) -> &dyn Placement;
}

impl<P: Placement + Clone + 'static> Cloned for P {
    fn cloned(&self) -> Box<dyn Cloned> {
        Box::new(self.clone())
    }
    fn plain(&self) -> &dyn Placement {
        self
    }
}
impl Clone for Box<dyn Cloned> {
    fn clone(&self) -> Self {
        (**self).cloned()
    }
}
