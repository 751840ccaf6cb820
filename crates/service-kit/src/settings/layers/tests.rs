use std::io::Write;

use serde::Deserialize;

use super::*;
use crate::settings::{ListenAddr, SecretUrl, Span};
use crate::telemetry::LogFormat;

const DEFAULTS: &str = r#"
# A comment.
listen = "127.0.0.1:8080"
store = "sqlite://a.db"
log_format = "pretty"
drain = "10s"
workers = 4
verbose = false
names = []
[lanes]
count = 2
"#;

#[derive(Debug, Deserialize)]
struct Config {
    listen: ListenAddr,
    store: SecretUrl,
    log_format: LogFormat,
    drain: Span,
    workers: u8,
    verbose: bool,
    names: Vec<String>,
    lanes: Lanes,
}

#[derive(Debug, Deserialize)]
struct Lanes {
    count: usize,
}

fn environment(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn settings_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn with_file(file: &tempfile::NamedTempFile) -> CommonArgs {
    CommonArgs { config: Some(file.path().to_owned()), ..CommonArgs::default() }
}

fn with_set(assignment: &str) -> CommonArgs {
    CommonArgs { set: vec![assignment.to_owned()], ..CommonArgs::default() }
}

fn error(args: &CommonArgs, variables: &[(&str, &str)]) -> String {
    let text = load::<Config>(DEFAULTS, args, environment(variables)).unwrap_err().to_string();
    assert!(!text.contains('\n'), "{text}");
    text
}

#[test]
fn defaults_alone_are_enough() {
    let config: Config = load(DEFAULTS, &CommonArgs::default(), []).unwrap();
    assert_eq!(config.listen.port(), 8080);
    assert_eq!((config.workers, config.verbose, config.lanes.count), (4, false, 2));
    assert_eq!(config.log_format, LogFormat::Pretty);
    assert!(config.names.is_empty());
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let file = settings_file("listen = \"h:1\"\nworkers = 1\ndrain = \"1s\"\n[lanes]\ncount = 7\n");
    let mut args = with_file(&file);
    args.listen = Some("h:3".to_owned());
    let variables = environment(&[("BANK_LISTEN", "h:2"), ("BANK_WORKERS", "2"), ("BANK_VERBOSE", "true")]);

    let config: Config = load(DEFAULTS, &args, variables).unwrap();

    assert_eq!(config.listen.to_string(), "h:3");
    assert_eq!((config.workers, config.verbose, config.lanes.count), (2, true, 7));
    assert_eq!(config.drain, Span::seconds(1));
    assert_eq!(config.store.expose(), "sqlite://a.db");
}

#[test]
fn the_file_may_be_named_in_the_environment() {
    let file = settings_file("workers = 9");
    let path = file.path().display().to_string();
    let config: Config =
        load(DEFAULTS, &CommonArgs::default(), environment(&[("BANK_CONFIG", &path)])).unwrap();
    assert_eq!(config.workers, 9);
}

#[test]
fn text_stays_text_and_lists_are_split() {
    let mut args = with_set("store=12345");
    args.set.push("names=a, b".to_owned());
    args.set.push("lanes.count = 3".to_owned());
    let config: Config = load(DEFAULTS, &args, []).unwrap();
    assert_eq!(config.store.expose(), "12345");
    assert_eq!(config.names, ["a", "b"]);
    assert_eq!(config.lanes.count, 3);
    let config: Config =
        load(DEFAULTS, &CommonArgs::default(), environment(&[("BANK_LANES_COUNT", "5")])).unwrap();
    assert_eq!(config.lanes.count, 5);
}

#[test]
fn other_variables_are_ignored_and_misspelt_ones_known() {
    let variables =
        [("BANK_TEST_POSTGRES_URL", "x"), ("BANK_FAULT", "x"), ("BANK_LISTN", "h:1"), ("PATH", "x")];
    let config: Config = load(DEFAULTS, &CommonArgs::default(), environment(&variables)).unwrap();
    assert_eq!(config.listen.port(), 8080);
    let misspelt = misspelt_variables(DEFAULTS, environment(&variables));
    assert_eq!(misspelt, [("BANK_LISTN".to_owned(), "BANK_LISTEN".to_owned())]);
}

#[test]
fn an_unknown_setting_is_named_with_the_one_that_was_meant() {
    let file = settings_file("listne = \"h:1\"");
    let path = file.path().display().to_string();
    let expected = format!("settings file {path}: unknown setting `listne`; did you mean `listen`?");
    assert_eq!(error(&with_file(&file), &[]), expected);
    let expected = "--set: unknown setting `lanes.cuont`; did you mean `lanes.count`?";
    assert_eq!(error(&with_set("lanes.cuont=1"), &[]), expected);
    assert_eq!(error(&with_set("colour=red"), &[]), "--set: unknown setting `colour`");
    assert!(error(&with_set("workers"), &[]).contains("KEY=VALUE"));
    let bus = CommonArgs { bus: Some("kafka://b".to_owned()), ..CommonArgs::default() };
    assert_eq!(error(&bus, &[]), "--bus: unknown setting `bus`");
}

#[test]
fn a_wrong_value_is_named_with_its_origin_and_what_would_be_right() {
    let listen = CommonArgs { listen: Some("8080".to_owned()), ..CommonArgs::default() };
    let text = error(&listen, &[]);
    assert!(text.starts_with("--listen: setting `listen`: `8080`") && text.contains("HOST:PORT"), "{text}");

    let text = error(&CommonArgs::default(), &[("BANK_DRAIN", "10")]);
    assert!(text.starts_with("environment variable BANK_DRAIN: setting `drain`: `10`"), "{text}");
    assert!(text.contains("\"30s\""), "{text}");

    let text = error(&CommonArgs::default(), &[("BANK_LANES_COUNT", "many")]);
    assert!(text.starts_with("environment variable BANK_LANES_COUNT: setting `lanes.count`: "), "{text}");

    let text = error(&with_set("workers=300"), &[]);
    assert!(text.starts_with("--set workers: setting `workers`: ") && text.contains("300"), "{text}");

    let text = error(&with_set("log_format=xml"), &[]);
    assert!(text.contains("pretty") && text.contains("json"), "{text}");

    let file = settings_file("\nworkers = \"four\"");
    let text = error(&with_file(&file), &[]);
    let origin = format!("settings file {}: setting `workers`: ", file.path().display());
    assert!(text.starts_with(&origin) && text.contains("four"), "{text}");
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let missing = CommonArgs { config: Some("/nowhere/bank.toml".into()), ..CommonArgs::default() };
    assert!(error(&missing, &[]).starts_with("settings file /nowhere/bank.toml: "));
    let broken = settings_file("workers = = 4");
    let text = error(&with_file(&broken), &[]);
    assert!(text.contains(&broken.path().display().to_string()) && text.contains("line 1"), "{text}");
}

#[test]
fn a_table_in_place_of_a_value_is_refused() {
    let file = settings_file("[workers]\ncount = 1");
    assert!(error(&with_file(&file), &[]).contains("`workers.count`"));
    let file = settings_file("lanes = 3");
    assert!(error(&with_file(&file), &[]).contains("`lanes`"));
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let secret = settings_file("postgres://u:p@h/db\n");
    let path = secret.path().display().to_string();
    let read = |variables: &[(&str, &str)]| {
        load::<Config>(DEFAULTS, &CommonArgs::default(), environment(variables)).map(|config| config.store)
    };
    assert_eq!(read(&[("BANK_STORE_FILE", &path)]).unwrap().expose(), "postgres://u:p@h/db");
    // As for every variable: what is no setting here may be one of another service.
    assert_eq!(read(&[("BANK_VAULT_FILE", "/nowhere")]).unwrap().expose(), "sqlite://a.db");
    assert_eq!(misspelt_variables(DEFAULTS, environment(&[("BANK_STORE_FILE", &path)])), []);
}

#[test]
fn a_secret_file_that_is_of_no_use_is_told() {
    let secret = settings_file("four");
    let path = secret.path().display().to_string();
    let arguments = CommonArgs::default();
    let missing = error(&arguments, &[("BANK_STORE_FILE", "/nowhere")]);
    assert!(
        missing.starts_with("environment variable BANK_STORE_FILE: setting `store`: /nowhere: "),
        "{missing}"
    );
    let twice = error(&arguments, &[("BANK_STORE_FILE", &path), ("BANK_STORE", "sqlite://b.db")]);
    assert!(twice.contains("BANK_STORE is set as well"), "{twice}");
    let wrong = error(&arguments, &[("BANK_WORKERS_FILE", &path)]);
    assert!(wrong.starts_with("environment variable BANK_WORKERS_FILE: setting `workers`: "), "{wrong}");
    let flag = CommonArgs { store: Some("sqlite://c.db".to_owned()), ..CommonArgs::default() };
    let config = load::<Config>(DEFAULTS, &flag, environment(&[("BANK_STORE_FILE", &path)])).unwrap();
    assert_eq!(config.store.expose(), "sqlite://c.db");
}
