//! The catalogue in CPSV-AP 3.2 (Core Public Service Vocabulary Application Profile, SEMIC), as JSON-LD.
//!
//! Every text carries its language. A limit in working days is no duration of XML Schema, so only calendar days become
//! a `processingTime`.

use std::collections::BTreeSet;

use model::{LimitUnit, ServiceId, Text};
use pack::{City, Heading, Service};
use serde_json::{Value, json};

/// The graph of a city's services; names begin at `base`, or at a URN of the city where it has no address.
pub fn catalogue(city: &City, base: Option<&str>) -> Value {
    let base = base.map_or_else(
        || format!("urn:dipper:{}:", city.id),
        |base| format!("{}/catalogue/", base.trim_end_matches('/')),
    );
    // Keywords are plain words of the city's first language.
    let naming = Naming { base, language: city.locales.first().cloned().unwrap_or_default() };
    let mut graph = vec![naming.location(city)];
    let offices: BTreeSet<_> = city.services.values().map(|service| &service.office).collect();
    graph.extend(offices.into_iter().filter_map(|id| {
        let office = city.offices.get(id)?;
        Some(json!({
            "@id": naming.name("office", id.as_str()),
            "@type": "cv:PublicOrganisation",
            "skos:prefLabel": texts(&office.title),
            "dct:identifier": id.as_str(),
            "dct:spatial": {"@id": naming.name("region", city.root.as_str())},
        }))
    }));
    graph.extend(city.catalogue.life_events.iter().map(|event| naming.life_event(event)));
    graph.extend(city.catalogue.groups.iter().map(|group| naming.concept("group", group)));
    for (id, service) in &city.services {
        naming.service(id, service, &mut graph);
    }
    json!({
        "@context": {
            "cpsv": "http://purl.org/vocab/cpsv#",
            "cv": "http://data.europa.eu/m8g/",
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "eli": "http://data.europa.eu/eli/ontology#",
            "skos": "http://www.w3.org/2004/02/skos/core#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@graph": graph,
    })
}

/// A text in each of its languages.
fn texts(text: &Text) -> Value {
    text.0.iter().map(|(language, value)| json!({"@value": value, "@language": language})).collect()
}

struct Naming {
    base: String,
    language: String,
}

impl Naming {
    fn name(&self, kind: &str, id: &str) -> String {
        format!("{}{kind}/{id}", self.base)
    }

    fn location(&self, city: &City) -> Value {
        json!({
            "@id": self.name("region", city.root.as_str()),
            "@type": "dct:Location",
            "skos:prefLabel": texts(&city.title),
        })
    }

    fn life_event(&self, event: &Heading) -> Value {
        json!({
            "@id": self.name("life-event", event.id.as_str()),
            "@type": ["cv:LifeEvent", "cv:Event"],
            "dct:identifier": event.id.as_str(),
            "dct:title": texts(&event.title),
        })
    }

    fn concept(&self, kind: &str, heading: &Heading) -> Value {
        json!({
            "@id": self.name(kind, heading.id.as_str()),
            "@type": "skos:Concept",
            "skos:prefLabel": texts(&heading.title),
        })
    }

    /// A service and what belongs to it alone.
    fn service(&self, id: &ServiceId, service: &Service, graph: &mut Vec<Value>) {
        let own = |kind: &str, key: &str| self.name(kind, &format!("{id}/{key}"));
        let links = |names: Vec<String>| names.into_iter().map(|name| json!({"@id": name})).collect::<Value>();
        let mut public = json!({
            "@id": self.name("service", id.as_str()),
            "@type": "cpsv:PublicService",
            "dct:identifier": service.code,
            "dct:title": texts(&service.title),
            "dct:description": texts(service.description.as_ref().unwrap_or(&service.title)),
            "cv:hasCompetentAuthority": {"@id": self.name("office", service.office.as_str())},
            "cv:isGroupedBy": links(service.life_events.iter().map(|event| self.name("life-event", event.as_str())).collect()),
            "cv:isClassifiedBy": links(service.groups.iter().map(|group| self.name("group", group.as_str())).collect()),
            "cpsv:hasInput": links(service.materials.iter().map(|material| own("evidence", material.id.as_str())).collect()),
            "cv:hasChannel": links((1..=service.channels.len()).map(|number| own("channel", &number.to_string())).collect()),
            "cv:hasCost": links((1..=service.fees.len()).map(|number| own("cost", &number.to_string())).collect()),
            "cv:hasLegalResource": links((1..=service.basis.len()).map(|number| own("law", &number.to_string())).collect()),
            "dcat:keyword": service.keywords.iter().map(|word| json!({"@value": word, "@language": self.language})).collect::<Value>(),
        });
        if let Some(limit) = service.promised_limit.filter(|limit| limit.unit() == LimitUnit::CalendarDay) {
            public["cv:processingTime"] = json!({"@value": format!("P{}D", limit.amount()), "@type": "xsd:duration"});
        }
        if let Some(result) = &service.result {
            public["cpsv:produces"] = json!({"@id": own("output", "1")});
            graph.push(json!({
                "@id": own("output", "1"),
                "@type": "cv:Output",
                "dct:identifier": format!("{id}/output/1"),
                "dct:title": texts(&result.title),
            }));
        }
        graph.push(public);
        self.belongings(id, service, graph);
    }

    fn belongings(&self, id: &ServiceId, service: &Service, graph: &mut Vec<Value>) {
        let own = |kind: &str, key: &str| self.name(kind, &format!("{id}/{key}"));
        for material in &service.materials {
            let mut evidence = json!({
                "@id": own("evidence", material.id.as_str()),
                "@type": "cv:Evidence",
                "dct:identifier": format!("{id}/evidence/{}", material.id),
                "dct:title": texts(&material.title),
            });
            if let Some(note) = &material.note {
                evidence["dct:description"] = texts(note);
            }
            graph.push(evidence);
        }
        for (number, channel) in (1..).zip(&service.channels) {
            let mut described = json!({
                "@id": own("channel", &number.to_string()),
                "@type": "cv:Channel",
                "dct:identifier": format!("{id}/channel/{number}"),
            });
            if let Some(title) = &channel.title {
                described["dct:description"] = texts(title);
            }
            graph.push(described);
        }
        for (number, fee) in (1..).zip(&service.fees) {
            let mut cost = json!({
                "@id": own("cost", &number.to_string()),
                "@type": "cv:Cost",
                "dct:identifier": format!("{id}/cost/{number}"),
                "dct:description": texts(fee.rate.as_ref().unwrap_or(&fee.title)),
            });
            if let Some(amount) = fee.amount {
                let yuan = format!("{}.{:02}", amount / 100, amount % 100);
                cost["cv:hasValue"] = json!({"@value": yuan, "@type": "xsd:double"});
            }
            graph.push(cost);
        }
        for (number, basis) in (1..).zip(&service.basis) {
            graph.push(json!({
                "@id": own("law", &number.to_string()),
                "@type": "eli:LegalResource",
                "dct:title": texts(&basis.title),
            }));
        }
    }
}
