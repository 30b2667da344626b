//! A program of the tests' own that says what world it sees: one `name=value` a line, in the order of its arguments.
#![allow(clippy::print_stdout, reason = "printing is what it does")]

#[cfg(not(windows))]
fn main() {}

#[cfg(windows)]
fn main() {
    for argument in std::env::args().skip(1) {
        println!("{argument}={}", windows_only::answer(&argument));
    }
}

#[cfg(windows)]
mod windows_only {
    use std::ffi::c_void;
    use std::ptr::{null, null_mut};

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetComputerNameW(name: *mut u16, size: *mut u32) -> i32;
        fn GetTickCount64() -> u64;
        fn GetSystemTimeAsFileTime(time: *mut u64);
        fn CloseHandle(handle: *mut c_void) -> i32;
        fn GetLastError() -> u32;
        fn MoveFileExW(from: *const u16, to: *const u16, flags: u32) -> i32;
        fn LocalFree(memory: *mut c_void) -> *mut c_void;
    }
    #[link(name = "wevtapi")]
    unsafe extern "system" {
        fn EvtQuery(session: *mut c_void, log: *const u16, query: *const u16, flags: u32) -> *mut c_void;
        fn EvtNext(
            found: *mut c_void,
            room: u32,
            events: *mut *mut c_void,
            time: u32,
            flags: u32,
            count: *mut u32,
        ) -> i32;
        fn EvtRender(
            context: *mut c_void,
            event: *mut c_void,
            flags: u32,
            size: u32,
            buffer: *mut u16,
            used: *mut u32,
            properties: *mut u32,
        ) -> i32;
        fn EvtClose(handle: *mut c_void) -> i32;
    }
    #[link(name = "advapi32")]
    unsafe extern "system" {
        fn LogonUserW(
            u: *const u16,
            d: *const u16,
            p: *const u16,
            t: u32,
            v: u32,
            h: *mut *mut c_void,
        ) -> i32;
        fn RegisterEventSourceW(server: *const u16, source: *const u16) -> *mut c_void;
        fn ReportEventW(
            log: *mut c_void,
            kind: u16,
            category: u16,
            id: u32,
            user: *const c_void,
            count: u16,
            size: u32,
            strings: *const *const u16,
            data: *const c_void,
        ) -> i32;
        fn DeregisterEventSource(log: *mut c_void) -> i32;
        fn GetNamedSecurityInfoW(
            name: *const u16,
            kind: u32,
            which: u32,
            owner: *mut *mut c_void,
            group: *mut *mut c_void,
            dacl: *mut *mut c_void,
            sacl: *mut *mut c_void,
            descriptor: *mut *mut c_void,
        ) -> u32;
        fn SetNamedSecurityInfoW(
            name: *const u16,
            kind: u32,
            which: u32,
            owner: *const c_void,
            group: *const c_void,
            dacl: *const c_void,
            sacl: *const c_void,
        ) -> u32;
        fn ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor: *const c_void,
            revision: u32,
            which: u32,
            text: *mut *mut u16,
            size: *mut u32,
        ) -> i32;
        fn ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text: *const u16,
            revision: u32,
            descriptor: *mut *mut c_void,
            size: *mut u32,
        ) -> i32;
        fn GetSecurityDescriptorDacl(d: *mut c_void, p: *mut i32, dacl: *mut *mut c_void, x: *mut i32)
        -> i32;
        fn RegCreateKeyExW(
            key: *const c_void,
            path: *const u16,
            reserved: u32,
            class: *const u16,
            options: u32,
            rights: u32,
            attributes: *const c_void,
            result: *mut *mut c_void,
            disposition: *mut u32,
        ) -> u32;
        fn RegCloseKey(key: *mut c_void) -> u32;
    }
    #[link(name = "winhttp")]
    unsafe extern "system" {
        fn WinHttpOpen(a: *const u16, t: u32, p: *const u16, b: *const u16, f: u32) -> *mut c_void;
        fn WinHttpConnect(s: *mut c_void, host: *const u16, port: u16, reserved: u32) -> *mut c_void;
        fn WinHttpOpenRequest(
            c: *mut c_void,
            verb: *const u16,
            path: *const u16,
            version: *const u16,
            referrer: *const u16,
            types: *const c_void,
            flags: u32,
        ) -> *mut c_void;
        fn WinHttpSetTimeouts(h: *mut c_void, resolve: i32, connect: i32, send: i32, receive: i32) -> i32;
        fn WinHttpSendRequest(
            r: *mut c_void,
            headers: *const u16,
            length: u32,
            optional: *const c_void,
            size: u32,
            total: u32,
            context: usize,
        ) -> i32;
    }

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().chain([0]).collect()
    }

    /// What the world says to one question; `name:argument` where it takes one.
    pub fn answer(question: &str) -> String {
        let (name, argument) = question.split_once(':').unwrap_or((question, ""));
        match name {
            "host" => host(),
            "logon" => logon(argument),
            "child" => child(argument),
            "acl" => acl(argument),
            "protect" => protect(argument),
            "write" => std::fs::write(argument, "x").map_or_else(|error| error.to_string(), |()| "ok".into()),
            "move" => rename(argument),
            "event" => event(argument),
            "safe-starts" => logged("System", "*[EventData[Data[@Name='BootMode']!=0]]"),
            "starts" => logged("System", "*"),
            "entries" => logged("Application", &format!("*[System[Provider[@Name='{argument}']]]")),
            // SAFETY: no arguments.
            "uptime" => (unsafe { GetTickCount64() } / 1000).to_string(),
            "year" => year().to_string(),
            "connect" => connect(),
            "volatile" => volatile(argument),
            other => format!("no question {other}"),
        }
    }

    fn host() -> String {
        let mut name = [0; 64];
        let mut size = 64;
        // SAFETY: the buffer has so many units.
        unsafe { GetComputerNameW(name.as_mut_ptr(), &raw mut size) };
        String::from_utf16_lossy(&name[..size as usize])
    }

    /// How many entries of a log a query finds, and the last word of the newest.
    fn logged(log: &str, query: &str) -> String {
        let (log, query) = (wide(log), wide(query));
        // SAFETY: the texts are zero-terminated; newest first.
        let found = unsafe { EvtQuery(null_mut(), log.as_ptr(), query.as_ptr(), 0x201) };
        let mut newest = None;
        let mut count = 0;
        let (mut event, mut one) = (null_mut::<c_void>(), 0u32);
        // SAFETY: room for one handle and its number.
        while unsafe { EvtNext(found, 1, &raw mut event, 1000, 0, &raw mut one) } != 0 {
            count += 1;
            newest.get_or_insert_with(|| rendered(event));
            // SAFETY: the handle is ours.
            unsafe { EvtClose(event) };
        }
        // SAFETY: the handle is ours.
        unsafe { EvtClose(found) };
        format!("{count} {}", newest.unwrap_or_default())
    }

    /// What stands between the tags of an entry's first `Data`.
    fn rendered(event: *mut c_void) -> String {
        let (mut used, mut properties) = (0, 0);
        // SAFETY: without room only the size is asked.
        unsafe { EvtRender(null_mut(), event, 1, 0, null_mut(), &raw mut used, &raw mut properties) };
        let mut units = vec![0u16; used as usize / 2];
        // SAFETY: so much room was asked for.
        unsafe {
            EvtRender(null_mut(), event, 1, used, units.as_mut_ptr(), &raw mut used, &raw mut properties)
        };
        let text = String::from_utf16_lossy(&units);
        let data = text.split_once("<Data").and_then(|(_, rest)| rest.split_once('>')).map(|(_, rest)| rest);
        data.and_then(|rest| rest.split_once('<')).map(|(data, _)| data.to_owned()).unwrap_or_default()
    }

    /// `user,password`.
    fn logon(argument: &str) -> String {
        let (user, password) = argument.split_once(',').unwrap_or((argument, ""));
        let (user, domain, password) = (wide(user), wide("."), wide(password));
        let mut token = null_mut();
        // SAFETY: the texts are zero-terminated and the place is ours.
        let ok =
            unsafe { LogonUserW(user.as_ptr(), domain.as_ptr(), password.as_ptr(), 2, 0, &raw mut token) };
        if ok == 0 {
            // SAFETY: no arguments.
            return unsafe { GetLastError() }.to_string();
        }
        // SAFETY: the token is ours.
        unsafe { CloseHandle(token) };
        "0".to_owned()
    }

    /// The same question, asked by a child.
    fn child(question: &str) -> String {
        let output =
            std::env::current_exe().and_then(|it| std::process::Command::new(it).arg(question).output());
        output.map_or_else(
            |error| error.to_string(),
            |it| String::from_utf8_lossy(&it.stdout).trim().rsplit('=').next().unwrap_or("").to_owned(),
        )
    }

    fn acl(path: &str) -> String {
        let name = wide(path);
        let mut descriptor = null_mut();
        let (no, which) = (null_mut(), 1 | 4);
        // SAFETY: the name is zero-terminated, the place ours, and the others not wanted.
        let code =
            unsafe { GetNamedSecurityInfoW(name.as_ptr(), 1, which, no, no, no, no, &raw mut descriptor) };
        if code != 0 {
            return code.to_string();
        }
        let (mut text, mut size) = (null_mut(), 0);
        // SAFETY: the descriptor was just given to us; the places are ours.
        unsafe {
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor,
                1,
                which,
                &raw mut text,
                &raw mut size,
            )
        };
        // SAFETY: the text has so many units, the last of them zero.
        let sddl = String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, size as usize) });
        // SAFETY: ours to free, both of them.
        unsafe { LocalFree(text.cast()) };
        // SAFETY: as above.
        unsafe { LocalFree(descriptor) };
        sddl.trim_end_matches('\0').to_owned()
    }

    fn protect(path: &str) -> String {
        let (name, sddl) = (wide(path), wide("D:P(A;;GA;;;SY)(A;;GA;;;BA)"));
        let (mut descriptor, mut dacl) = (null_mut(), null_mut());
        let (mut present, mut defaulted) = (0, 0);
        // SAFETY: the text is zero-terminated and the place ours.
        unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                sddl.as_ptr(),
                1,
                &raw mut descriptor,
                null_mut(),
            )
        };
        // SAFETY: the descriptor was just made; the places are ours.
        unsafe { GetSecurityDescriptorDacl(descriptor, &raw mut present, &raw mut dacl, &raw mut defaulted) };
        // SAFETY: the name is zero-terminated, and the list lies in the descriptor.
        let code =
            unsafe { SetNamedSecurityInfoW(name.as_ptr(), 1, 0x8000_0004, null(), null(), dacl, null()) };
        // SAFETY: ours to free.
        unsafe { LocalFree(descriptor) };
        code.to_string()
    }

    /// `from,to`.
    fn rename(argument: &str) -> String {
        let (from, to) = argument.split_once(',').unwrap_or((argument, ""));
        let (from, to) = (wide(from), wide(to));
        // SAFETY: the names are zero-terminated.
        unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), 1) }.to_string()
    }

    fn event(text: &str) -> String {
        let (source, text) = (wide("PROBE"), wide(text));
        // SAFETY: the name is zero-terminated.
        let log = unsafe { RegisterEventSourceW(null(), source.as_ptr()) };
        let strings = [text.as_ptr()];
        // SAFETY: the log is open, and the one text zero-terminated.
        let ok = unsafe { ReportEventW(log, 2, 0, 7, null(), 1, 0, strings.as_ptr(), null()) };
        // SAFETY: the log is ours.
        unsafe { DeregisterEventSource(log) };
        ok.to_string()
    }

    fn year() -> u64 {
        let mut time = 0;
        // SAFETY: the place is ours.
        unsafe { GetSystemTimeAsFileTime(&raw mut time) };
        1601 + time / 10_000_000 / 31_556_952
    }

    /// The error of a request with a connection time-out of five seconds.
    fn connect() -> String {
        let (agent, host, verb) = (wide("probe"), wide("nobody.invalid"), wide("GET"));
        // SAFETY: the texts are zero-terminated.
        let session = unsafe { WinHttpOpen(agent.as_ptr(), 1, null(), null(), 0) };
        // SAFETY: the session is open.
        let connection = unsafe { WinHttpConnect(session, host.as_ptr(), 443, 0) };
        // SAFETY: the connection is open.
        let request =
            unsafe { WinHttpOpenRequest(connection, verb.as_ptr(), null(), null(), null(), null(), 0) };
        // SAFETY: the request is open.
        unsafe { WinHttpSetTimeouts(request, 5000, 5000, 5000, 5000) };
        // SAFETY: the request is open.
        unsafe { WinHttpSendRequest(request, null(), 0, null(), 0, 0, 0) };
        // SAFETY: no arguments.
        unsafe { GetLastError() }.to_string()
    }

    /// Whether a volatile key was made (1) or stood there (2).
    fn volatile(path: &str) -> String {
        let (path, root) = (wide(path), std::ptr::without_provenance(0xFFFF_FFFF_8000_0002));
        let (mut key, mut disposition) = (null_mut(), 0);
        // SAFETY: the path is zero-terminated, the places ours.
        unsafe {
            RegCreateKeyExW(
                root,
                path.as_ptr(),
                0,
                null(),
                1,
                0xF003F,
                null(),
                &raw mut key,
                &raw mut disposition,
            )
        };
        // SAFETY: the key is ours.
        unsafe { RegCloseKey(key) };
        disposition.to_string()
    }
}
