use super::*;

fn topology() -> Topology {
    let mut topology = Topology::new(&["zone", "rack"]).unwrap();
    for path in ["a/1/x", "a/1/y", "a/2/x", "b/1/x"] {
        topology.add(path, Weight::ONE).unwrap();
    }
    topology
}

#[test]
fn weights_and_counts_add_up() {
    let mut topology = topology();
    topology.reweight("a/1/x", Weight::new(2.5).unwrap()).unwrap();
    let of = |topology: &Topology, path: &str| {
        let domain = topology.get(topology.find(path).unwrap()).unwrap();
        (domain.nodes(), domain.weight() as f64 / 65_536.0)
    };
    assert_eq!(of(&topology, "a"), (3, 4.5));
    assert_eq!(of(&topology, "a/1"), (2, 3.5));
    topology.remove("a/1/x").unwrap();
    assert_eq!(of(&topology, "a"), (2, 2.0));
    topology.remove("b/1/x").unwrap();
    assert_eq!(topology.find("b"), None);
    assert_eq!(topology.find("b/1"), None);
    assert_eq!(topology.domains(0).count(), 1);
    assert_eq!(topology.len(), 2);
}

#[test]
fn racks_of_one_name_in_two_zones_are_two() {
    let topology = topology();
    assert_eq!(topology.domains(topology.level("rack").unwrap()).count(), 3);
    assert_ne!(topology.domain_of("a/1/x", 1), topology.domain_of("b/1/x", 1));
    let around: Vec<&str> = topology.around("a/2/x").map(|(_, domain)| domain.path()).collect();
    assert_eq!(around, ["a/2", "a"]);
}

#[test]
fn bad_paths_change_nothing() {
    let mut topology = topology();
    let before = topology.clone();
    for path in ["", "x", "a/x", "a/1/", "/1/x", "a//x", "a/1/2/x", "/", "//"] {
        let error = topology.add(path, Weight::ONE).unwrap_err();
        assert!(
            matches!(error, Error::InvalidParameter { parameter: "path", .. }),
            "{path}: {error}"
        );
    }
    for domain in ["", "a", "a/", "/a", "a/1/2"] {
        assert!(topology.add_in(domain, "new", Weight::ONE).is_err(), "{domain}");
    }
    assert!(matches!(topology.add("a/1/x", Weight::ONE), Err(Error::DuplicateName { .. })));
    assert!(matches!(topology.add_in("a/1", "", Weight::ONE), Err(Error::NameLength { found: 0 })));
    assert!(matches!(topology.remove("nobody"), Err(Error::UnknownName { .. })));
    assert!(matches!(topology.reweight("nobody", Weight::ONE), Err(Error::UnknownName { .. })));
    assert_eq!(topology, before);
}

#[test]
fn levels() {
    assert!(Topology::new(&["zone", "zone"]).is_err());
    assert!(Topology::new(&[""]).is_err());
    assert!(Topology::new(&["l"; 17]).is_err());
    let error = topology().level("region").unwrap_err().to_string();
    assert!(error.contains("zone, rack"), "{error}");
    let mut flat = Topology::new(&[]).unwrap();
    flat.add("any/name", Weight::ONE).unwrap();
    assert_eq!(flat.around("any/name").count(), 0);
}
