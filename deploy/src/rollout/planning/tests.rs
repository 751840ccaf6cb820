use super::*;

fn wish() -> Wish {
    let [prefix, image_id, spec, proxy_spec] = ["a", "new", "s", "p"].map(str::to_owned);
    Wish { prefix, image_id, spec, proxy_spec }
}

/// `old` or `new` with a number: it runs and was ready once.
fn runs(number: u32, image: &str) -> Instance {
    Instance {
        name: format!("a-{number}"),
        number,
        image_id: image.to_owned(),
        spec: "s".to_owned(),
        running: true,
        ready: true,
        proven: true,
        ..Instance::default()
    }
}

/// It was stopped after it had served.
fn kept(number: u32, image: &str) -> Instance {
    Instance { running: false, ready: false, ..runs(number, image) }
}

/// It runs, and was not yet found ready.
fn starts(number: u32, image: &str) -> Instance {
    Instance { proven: false, ready: false, ..runs(number, image) }
}

/// It was created and not started, or ended by itself before it was ready.
fn never_ready(number: u32, image: &str) -> Instance {
    Instance { running: false, ..starts(number, image) }
}

fn routed(to: u32, instances: Vec<Instance>) -> Observed {
    let route = (to > 0).then(|| format!("a-{to}"));
    let (spec, written) = ("p".to_owned(), route.clone());
    let proxy = Some(Proxy { running: true, spec, route, written, ..Proxy::default() });
    Observed { proxy, instances }
}

fn told(steps: &[Step]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_planned(observed: &Observed, expected: &[&str]) {
    assert_eq!(told(&plan(&wish(), observed)), expected);
}

#[test]
fn the_first_deployment() {
    assert_planned(&Observed::default(), &["create the proxy", "create a-1", "switch to a-1"]);
}

#[test]
fn what_runs_as_it_should_is_left_alone() {
    assert_planned(&routed(1, vec![runs(1, "new")]), &[]);
    assert_planned(&routed(2, vec![kept(1, "old"), runs(2, "new")]), &[]);
}

#[test]
fn a_new_version_takes_the_place_of_the_old_which_is_kept() {
    let observed = routed(2, vec![kept(1, "older"), runs(2, "old")]);
    assert_planned(&observed, &["create a-3", "switch from a-2 to a-3", "drain a-2", "remove a-1"]);
}

#[test]
fn other_settings_of_the_same_image_are_a_new_container() {
    let other = Instance { spec: "t".to_owned(), ..runs(1, "new") };
    assert_planned(&routed(1, vec![other]), &["create a-2", "switch from a-1 to a-2", "drain a-1"]);
}

#[test]
fn one_that_is_not_ready_or_does_not_run_is_replaced() {
    let unready = Instance { ready: false, ..runs(1, "new") };
    assert_planned(&routed(1, vec![unready]), &["create a-2", "switch from a-1 to a-2", "drain a-1"]);
    assert_planned(&routed(1, vec![kept(1, "new")]), &["create a-2", "switch from a-1 to a-2"]);
    assert_planned(&routed(7, vec![]), &["create a-1", "switch to a-1"]);
}

#[test]
fn an_older_version_is_deployed_like_any_other() {
    // Numbers rise, so that a later rollback returns to what served before.
    let observed = routed(2, vec![kept(1, "new"), runs(2, "old")]);
    assert_planned(&observed, &["create a-3", "switch from a-2 to a-3", "drain a-2", "remove a-1"]);
}

#[test]
fn what_was_never_kept_is_gone_before_the_switch_which_may_come_to_nothing() {
    let observed = routed(2, vec![kept(1, "older"), runs(2, "old"), runs(3, "other")]);
    let expected =
        ["drain a-3", "remove a-3", "create a-4", "switch from a-2 to a-4", "drain a-2", "remove a-1"];
    assert_planned(&observed, &expected);
}

#[test]
fn one_that_the_engine_starts_again_and_again_is_stopped() {
    let crashing = Instance { running: false, restarting: true, ready: false, ..runs(1, "old") };
    let expected = ["create a-2", "switch from a-1 to a-2", "drain a-1"];
    assert_planned(&routed(1, vec![crashing.clone()]), &expected);
    assert_planned(&routed(2, vec![crashing, runs(2, "new")]), &["drain a-1"]);
}

#[test]
fn interrupted_before_the_candidate_was_started() {
    let observed = routed(2, vec![kept(1, "older"), runs(2, "old"), never_ready(3, "new")]);
    let expected = ["remove a-3", "create a-4", "switch from a-2 to a-4", "drain a-2", "remove a-1"];
    assert_planned(&observed, &expected);
}

#[test]
fn interrupted_before_the_switch() {
    for candidate in [starts(2, "new"), runs(2, "new")] {
        let observed = routed(1, vec![runs(1, "old"), candidate]);
        assert_planned(&observed, &["switch from a-1 to a-2", "drain a-1"]);
    }
}

#[test]
fn interrupted_before_the_switch_to_what_is_no_longer_wanted() {
    let observed = routed(1, vec![runs(1, "old"), starts(2, "other")]);
    let expected = ["drain a-2", "remove a-2", "create a-3", "switch from a-1 to a-3", "drain a-1"];
    assert_planned(&observed, &expected);
    let observed = routed(2, vec![kept(1, "older"), runs(2, "new"), starts(3, "other")]);
    assert_planned(&observed, &["drain a-3", "remove a-3"]);
    // It had got ready, and yet never served: the one that did is kept.
    let observed = routed(2, vec![kept(1, "older"), runs(2, "new"), runs(3, "other")]);
    assert_planned(&observed, &["drain a-3", "remove a-3"]);
}

#[test]
fn interrupted_after_the_switch() {
    let observed = routed(3, vec![kept(1, "older"), runs(2, "old"), runs(3, "new")]);
    assert_planned(&observed, &["drain a-2", "remove a-1"]);
}

#[test]
fn interrupted_after_the_drain() {
    let observed = routed(3, vec![kept(1, "older"), kept(2, "old"), runs(3, "new")]);
    assert_planned(&observed, &["remove a-1"]);
}

#[test]
fn interrupted_when_the_proxy_had_just_been_made() {
    assert_planned(&routed(0, vec![]), &["create a-1", "switch to a-1"]);
    assert_planned(&routed(0, vec![starts(1, "new")]), &["switch to a-1"]);
}

#[test]
fn a_proxy_that_is_gone_stopped_or_another() {
    let mut observed = routed(1, vec![runs(1, "new")]);
    observed.proxy.as_mut().unwrap().running = false;
    assert_planned(&observed, &["start the proxy"]);
    observed.proxy.as_mut().unwrap().spec = "q".to_owned();
    assert_planned(&observed, &["replace the proxy, which cuts its connections"]);
    observed.proxy = None;
    assert_planned(&observed, &["create the proxy"]);
}

#[test]
fn without_a_proxy_whoever_was_good_serves_until_the_switch() {
    let gone = |instances| Observed { proxy: None, instances };
    let expected = ["create the proxy", "create a-2", "switch from a-1 to a-2", "drain a-1"];
    assert_planned(&gone(vec![runs(1, "old")]), &expected);
    // Killed after its switch, and then the proxy was lost: the older one served for certain.
    let expected = ["create the proxy", "switch from a-1 to a-2", "drain a-1"];
    assert_planned(&gone(vec![runs(1, "old"), runs(2, "new")]), &expected);
    assert_rolled_back(
        &gone(vec![kept(1, "old"), runs(2, "new")]),
        Some(&["create the proxy", "start a-1", "switch from a-2 to a-1", "drain a-2"]),
    );
}

#[test]
fn a_proxy_that_leads_to_nobody_or_to_who_has_stopped_is_led_back_first() {
    assert_planned(&routed(0, vec![runs(1, "new")]), &["route to a-1, which runs"]);
    let observed = routed(2, vec![runs(1, "old"), kept(2, "new")]);
    let expected =
        ["route to a-1, which runs", "create a-3", "switch from a-1 to a-3", "drain a-1", "remove a-2"];
    assert_planned(&observed, &expected);
}

#[test]
fn what_a_killed_run_wrote_and_never_told_the_proxy_is_written_anew() {
    let mut observed = routed(1, vec![runs(1, "new"), runs(2, "other")]);
    observed.proxy.as_mut().unwrap().written = Some("a-2".to_owned());
    assert_planned(&observed, &["route to a-1, which runs", "drain a-2"]);
    assert_rolled_back(&observed, Some(&["route to a-1, which runs", "drain a-2"]));
}

#[track_caller]
fn assert_rolled_back(observed: &Observed, expected: Option<&[&str]>) {
    let steps = plan_rollback(observed).map(|steps| told(&steps));
    assert_eq!(steps, expected.map(|expected| expected.iter().map(|step| (*step).to_owned()).collect()));
}

#[test]
fn a_rollback_returns_to_the_last_good_one_and_not_to_what_a_rollback_left() {
    let observed = routed(2, vec![kept(1, "old"), runs(2, "new")]);
    assert_rolled_back(&observed, Some(&["start a-1", "switch from a-2 to a-1", "drain a-2"]));
    let back = routed(1, vec![runs(1, "old"), kept(2, "new")]);
    assert_rolled_back(&back, None);
}

#[test]
fn without_a_last_good_one_there_is_no_rollback() {
    assert_rolled_back(&routed(1, vec![runs(1, "new")]), None);
    assert_rolled_back(&routed(2, vec![runs(2, "new"), never_ready(3, "other")]), None);
    assert_rolled_back(&Observed::default(), None);
}

#[test]
fn a_rollback_that_was_interrupted_goes_on() {
    // Before its switch, and after it.
    let before = routed(2, vec![runs(1, "old"), runs(2, "new")]);
    assert_rolled_back(&before, Some(&["switch from a-2 to a-1", "drain a-2"]));
    let after = routed(1, vec![runs(1, "old"), runs(2, "new")]);
    assert_rolled_back(&after, Some(&["drain a-2"]));
}

#[test]
fn a_rollback_of_a_deployment_that_never_switched_ends_it() {
    let observed = routed(2, vec![kept(1, "older"), runs(2, "old"), starts(3, "new")]);
    assert_rolled_back(&observed, Some(&["drain a-3", "remove a-3"]));
}

/// Whatever was interrupted, and whatever became of the proxy: who is routed to is neither drained nor removed before
/// another one is, and while somebody good runs, somebody good runs on.
#[test]
fn who_serves_is_never_stopped_before_the_switch() {
    let mut seen = 0;
    for observed in every_state() {
        let rollback = plan_rollback(&observed).unwrap_or_default();
        for steps in [plan(&wish(), &observed), rollback] {
            assert_served(&observed, &steps);
            seen += steps.len();
        }
    }
    assert!(seen > 10_000);
}

/// Three containers of every kind, and every proxy: gone, stopped or running, with any route, and any other one written.
fn every_state() -> Vec<Observed> {
    let kinds = [runs, kept, starts, never_ready];
    let mut states = Vec::new();
    for code in 0..(4 * 2_usize).pow(3) {
        let instance = |place: u32| {
            let digit = code / 8_usize.pow(place) % 8;
            kinds[digit / 2](place + 1, if digit.is_multiple_of(2) { "old" } else { "new" })
        };
        let instances: Vec<_> = (0..3).map(instance).collect();
        states.push(Observed { proxy: None, instances: instances.clone() });
        for (route, written, running) in
            (0..4).flat_map(|r| (0..4).flat_map(move |w| [(r, w, true), (r, w, false)]))
        {
            let mut observed = routed(route, instances.clone());
            let proxy = observed.proxy.as_mut().unwrap();
            proxy.running = running;
            proxy.written = (written > 0).then(|| format!("a-{written}"));
            // One that does not run is asked by its file.
            if running || route == written {
                states.push(observed);
            }
        }
    }
    states
}

fn assert_served(observed: &Observed, steps: &[Step]) {
    let good = |instance: &&Instance| instance.running && instance.proven;
    let mut good: Vec<_> = observed.instances.iter().filter(good).map(|one| one.name.clone()).collect();
    let routed = observed.proxy.as_ref().and_then(|proxy| proxy.route.clone());
    let runs = |name: &String| observed.instances.iter().any(|one| one.name == *name && one.running);
    let mut serving = routed.filter(runs).or(good.first().cloned());
    // Whoever is routed to and runs serves, whether it was noted as good or not.
    good.extend(serving.clone());
    let had_good = !good.is_empty();
    for step in steps {
        match step {
            Step::Settle(name) => assert_eq!(Some(name), serving.as_ref(), "{observed:?} {steps:?}"),
            Step::Switch { from, to } => {
                assert!(from == &serving || serving.is_none(), "from {serving:?} {observed:?} {steps:?}");
                serving = Some(to.clone());
                good.push(to.clone());
            }
            Step::Drain(name) | Step::Remove(name) => {
                assert_ne!(Some(name), serving.as_ref(), "{observed:?} {steps:?}");
                good.retain(|one| one != name);
                assert!(!had_good || !good.is_empty(), "{observed:?} {steps:?}");
            }
            _ => {}
        }
    }
}
