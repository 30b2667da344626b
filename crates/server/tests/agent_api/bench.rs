//! The benchmark's short run: everything that it measures, with few requests.

use std::process::Command;

#[test]
fn a_short_benchmark_runs_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_trasa-bench"))
        .args(["--short", "--json", "--folder"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let phases = report["phases"].as_array().unwrap();
    let clients: Vec<_> = phases.iter().map(|phase| phase["clients"].as_i64().unwrap()).collect();
    assert_eq!(clients, [1, 8, 64]);
    for phase in phases {
        for figure in
            ["/server/per_second", "/server/p99_ms", "/bare_handler/per_second", "/bare_durable/p50_ms"]
        {
            assert!(phase.pointer(figure).unwrap().as_f64().unwrap() > 0.0, "{figure}: {phase}");
        }
    }
    assert_eq!(report["aims"].as_array().unwrap().len(), 3);
    // Nothing is left behind.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
