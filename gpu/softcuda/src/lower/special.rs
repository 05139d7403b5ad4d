//! Special registers: rows that are set when a block begins, constants, or clocks that are read.

use super::emit::{Emitted, Emitter};
use super::op::{Field, Value};
use crate::count::Class;
use crate::machine::body::{alu, control};
use crate::machine::instruction::Body;
use crate::machine::lane::Kind;
use crate::machine::program::{Constant, Special};
use crate::ptx::resolve::SpecialRegister;

impl Emitter<'_, '_, '_> {
    /// What a special register of PTX stands for.
    pub(super) fn special_register(
        &mut self,
        special: SpecialRegister,
        component: Option<u8>,
    ) -> Emitted<Value> {
        use SpecialRegister as S;
        let axis = component.unwrap_or(0);
        let of = |this: &mut Self, make: fn(u8) -> Special| {
            if axis < 3 { this.special(make(axis)) } else { this.bits(0) }
        };
        Ok(match special {
            S::Tid => of(self, Special::Tid),
            S::Ntid if axis == 3 => self.bits(1),
            S::Nctaid | S::Nclusterid if axis == 3 => self.bits(1),
            S::Ntid => of(self, Special::Ntid),
            // Clusters are of one block each.
            S::Ctaid | S::Clusterid => of(self, Special::Ctaid),
            S::Nctaid | S::Nclusterid => of(self, Special::Nctaid),
            S::ClusterCtaid | S::ClusterCtarank => self.bits(0),
            S::ClusterNctaid | S::ClusterNctarank => self.bits(1),
            S::Laneid => self.special(Special::Lane),
            S::Warpid => self.special(Special::Warp),
            S::Nwarpid => self.special(Special::Warps),
            S::Smid => self.special(Special::Sm),
            S::Nsmid => self.special(Special::Sms),
            S::Gridid => self.special(Special::Grid),
            S::LanemaskEq => self.special(Special::LaneMaskEq),
            S::LanemaskLe => self.special(Special::LaneMaskLe),
            S::LanemaskLt => self.special(Special::LaneMaskLt),
            S::LanemaskGe => self.special(Special::LaneMaskGe),
            S::LanemaskGt => self.special(Special::LaneMaskGt),
            S::TotalSmemSize | S::AggrSmemSize => self.special(Special::TotalShared),
            S::DynamicSmemSize => self.special(Special::DynamicShared),
            // The driver passes the workspace of cooperative launches here.
            S::Envreg(1) => self.special(Special::WorkspaceHigh),
            S::Envreg(2) => self.special(Special::WorkspaceLow),
            S::Envreg(_) | S::Pm(_) | S::ReservedSmemOffset(_) => self.bits(0),
            S::ReservedSmemOffsetBegin | S::ReservedSmemOffsetEnd | S::ReservedSmemOffsetCap => {
                self.bits(0)
            }
            S::Pm64(_) | S::CurrentGraphExec => self.constant(Constant::Bits(0), true),
            S::Clock => self.read(control::clock32(), 1),
            S::ClockHi => {
                let wide = self.read(control::clock64(), 2);
                let high = self.fresh(1);
                self.hidden(alu::one(|a: u64| (a >> 32) as u32), high, wide);
                high
            }
            S::Clock64 => self.read(control::clock64(), 2),
            S::Globaltimer => self.read(control::timer(), 2),
            S::GlobaltimerLo => {
                let wide = self.read(control::timer(), 2);
                self.widen(wide, Kind::U32)?
            }
            S::GlobaltimerHi => {
                let wide = self.read(control::timer(), 2);
                let high = self.fresh(1);
                self.hidden(alu::one(|a: u64| (a >> 32) as u32), high, wide);
                high
            }
            S::IsExplicitCluster => return self.unsupported("this special register"),
        })
    }

    fn read(&mut self, body: Body, units: u16) -> Value {
        let value = self.fresh(units);
        let mut fields = [Field::None; 5];
        fields[0] = Field::Def(value);
        self.op(body, Class::Hidden, fields);
        value
    }
}
