//! Random orders of calls, always the same ones: nothing passes without an allow, nothing crashes, and only HRESULTs
//! of the table come back.

use super::ui::Ui;
use agent::logon::{Field, MethodChoice};
use agent::ports::TransportError;
use agent::testing::{Reply, World};
use core::ptr::null_mut;
use protocol::reason::Reason;
use windows::Win32::UI::Shell::*;
use windows::core::Interface;

/// xorshift64*: enough to choose calls by.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }
}

fn walk(seed: u64, world: &World) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut ui = Ui::new(world);
    let mut stands = false;
    for call in 0..60 {
        let choice = dice.roll(20);
        if ui.tile.is_none() || choice == 0 {
            let usage = dice.pick(&[CPUS_LOGON, CPUS_UNLOCK_WORKSTATION, CPUS_LOGON, CPUS_CREDUI]);
            stands = ui.set_up(usage).is_ok();
            if stands {
                ui.advise();
                ui.enumerate();
            }
            continue;
        }
        let field = dice.pick(&Field::ALL);
        let wide: Vec<u16> =
            dice.pick(&["", "bat", "right", "anna", "123456", "x@y"]).encode_utf16().chain([0]).collect();
        let tile = ui.tile().clone();
        // SAFETY: null or good, each of them; a tile of ours.
        unsafe {
            match choice {
                1..=3 => drop(tile.SetStringValue(field.id(), windows::core::PCWSTR(wide.as_ptr()))),
                4 => ui.type_in(Field::UserName, "bat"),
                5 => ui.type_in(Field::Password, "right"),
                6 => ui.type_in(Field::Code, "123456"),
                7 | 8 => ui.connect(usize::try_from(dice.roll(3)).unwrap()),
                9..=11 => {
                    let got = ui.serialize();
                    assert_eq!(got.response, CPGSR_NO_CREDENTIAL_NOT_FINISHED, "seed {seed}, call {call}");
                    assert!(got.bytes.is_empty());
                }
                12 => drop(tile.SetDeselected()),
                13 => drop(tile.UnAdvise()),
                14 if stands => drop(ui.enumerate()),
                15 => drop(tile.CommandLinkClicked(field.id())),
                16 => drop(tile.SetComboBoxSelectedValue(
                    Field::Method.id(),
                    dice.pick(&[MethodChoice::Push.index(), MethodChoice::Code.index(), 7]),
                )),
                17 => drop(ui.report(dice.pick(&[0, 0xC000_006D, 0xC000_0224]))),
                18 => drop((tile.vtable().Connect)(tile.as_raw(), null_mut())),
                _ => ui.tile = None,
            }
        }
    }
}

#[test]
fn no_order_of_calls_serializes_without_an_allow() {
    for seed in 1..=150 {
        let world = World::new();
        world.arm(&["anna"], true);
        // The offline user would pass where nobody answers; here nobody may.
        world.windows.accounts.lock().unwrap().retain(|account| account.name != "anna");
        match seed % 3 {
            0 => world.server.script(|_, request, server| server.deny(request, Reason::CodeWrong)),
            1 => world.server.script(|_, _, server| Reply::Raw(server.raw(200, b"{}"))),
            _ => {
                world.server.script(|_, _, _| Reply::Fails(TransportError::Connect));
            }
        }
        walk(seed, &world);
    }
}
