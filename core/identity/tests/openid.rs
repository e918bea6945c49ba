//! The OpenID Connect provider on both databases: the flow, and every trick that must fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::{Algorithm, HolderKey, Jws, PublicKey};
use dipper_identity::openid::{
    Authorization, AuthorizeError, Client, GrantError, Next, OpenId, Scopes, TokenError, UserInfoError,
};
use dipper_identity::{Accounts, Identity, Level, Session, Vault, Verified, record_representative};
use model::{Clock, MandateId, PartyId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{OrganisationRow, PartyRow, Store, Tx};
use testkit::{FixedClock, SeededEntropy, on_both_databases};

const ISSUER: &str = "https://yaoguang.example";
const BACK: &str = "https://tickets.example/back";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-of-the-kind";
const DAY: &str = "2026-11-23";

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(future)
}

struct World {
    provider: OpenId,
    accounts: Accounts,
    clock: FixedClock,
    store: Store,
}

fn key() -> HolderKey {
    HolderKey::from_ed25519(&[7; 32])
}

fn metadata(id: &str, alg: &str) -> String {
    let mut jwk = key().public_key().to_jwk();
    jwk.insert("kid".to_owned(), "k1".into());
    json!({
        "client_id": id, "client_name": "湖区票务", "client_name#en": "Lake tickets",
        "redirect_uris": [BACK, "https://tickets.example/other"], "jwks": {"keys": [jwk]},
        "scope": "openid profile real_name id_number organisation", "id_token_signed_response_alg": alg,
        "contract": "HT-2026-17", "purpose": "预约入园", "purpose#en": "Booking", "requests_per_day": 3
    })
    .to_string()
}

fn world(store: &Store) -> World {
    let clock = FixedClock::at("2026-11-23T08:00:00Z");
    let vault = Arc::new(Vault::from_key(&[9; 32]));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let entropy = Box::new(SeededEntropy::new(3));
    let accounts = Accounts::new(store.clone(), Arc::clone(&shared), entropy, Arc::clone(&vault));
    for (id, alg) in [("tickets", "EdDSA"), ("other", "ES256")] {
        let (json, now) = (metadata(id, alg), clock.now());
        store.write_blocking(move |tx: &mut Tx| Client::parse(&json).unwrap().record(tx, &json, now)).unwrap();
    }
    World { provider: OpenId::new(store.clone(), shared, vault, ISSUER), accounts, clock, store: store.clone() }
}

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER.as_bytes()))
}

fn query(changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut pairs = vec![
        ("client_id", "tickets"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "s&t"),
        ("nonce", "n1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        pairs.retain(|(name, _)| *name != change.0);
        pairs.push(*change);
    }
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.into_iter().filter(|(_, v)| !v.is_empty()))
        .finish()
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url: url::Url = url.parse().unwrap();
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

impl World {
    async fn resident(&self) -> Arc<Session> {
        self.accounts.register_resident("lihua", "correct horse battery", "李女士").await.unwrap().session
    }

    async fn asked(&self, changes: &[(&str, &str)]) -> Authorization {
        self.provider.read(&query(changes)).await.unwrap()
    }

    async fn code(&self, session: &Session, changes: &[(&str, &str)]) -> String {
        let asked = self.asked(changes).await;
        let back = self.provider.grant(&asked, session, None, &asked.scopes.clone()).await.unwrap();
        assert_eq!(parameter(&back, "state").as_deref(), Some("s&t"));
        assert_eq!(parameter(&back, "iss").as_deref(), Some(ISSUER));
        parameter(&back, "code").unwrap()
    }

    fn assertion(&self, jti: &str, changes: Value) -> String {
        let now_s = self.clock.now().as_micros() / 1_000_000;
        let mut claims =
            json!({"iss": "tickets", "sub": "tickets", "aud": ISSUER, "exp": now_s + 60, "iat": now_s, "jti": jti});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        key().sign_jws("JWT", Some("k1"), claims.as_object().unwrap())
    }

    fn form(&self, code: &str, jti: &str, changes: &[(&str, &str)]) -> String {
        let assertion = self.assertion(jti, json!({}));
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        for change in changes {
            pairs.retain(|(name, _)| *name != change.0);
            pairs.push(*change);
        }
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

fn verified(token: &str, jwks: &[serde_json::Map<String, Value>]) -> serde_json::Map<String, Value> {
    let jws = Jws::parse(token).unwrap();
    let kid = jws.kid().unwrap().unwrap().to_owned();
    let jwk = jwks.iter().find(|jwk| jwk["kid"] == kid.as_str()).expect("the key is published");
    jws.verify("JWT", &PublicKey::from_jwk(jwk).unwrap()).unwrap();
    jws.payload
}

on_both_databases!(a_resident_signs_in_elsewhere_and_is_known_by_a_name_of_its_own, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let asked = world.asked(&[]).await;
        assert_eq!(world.provider.next(&asked, None).await.unwrap(), Next::SignIn);
        assert_eq!(world.provider.next(&asked, Some(&session)).await.unwrap(), Next::Ask);
        let code = world.code(&session, &[]).await;
        let given = world.provider.exchange(&world.form(&code, "1", &[])).await.unwrap();
        let keys = world.provider.keys().await.unwrap();
        let jwks: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        assert_eq!(jwks.len(), 2, "one a kind");
        let claims = verified(&given.id_token, &jwks);
        let expect = json!({"iss": ISSUER, "aud": "tickets", "nonce": "n1", "acr": "L1", "amr": ["pwd"]});
        for (name, value) in expect.as_object().unwrap() {
            assert_eq!(&claims[name], value, "{name}");
        }
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
        let told = world.provider.user_info(given.access_token.reveal(), DAY).await.unwrap();
        assert_eq!((&told["sub"], &told["name"]), (&claims["sub"], &json!("李女士")));
        // Allowed once, not asked again; another client knows another name, signed by the algorithm it asked for.
        assert!(matches!(world.provider.next(&asked, Some(&session)).await.unwrap(), Next::Back(_)));
        let code = world.code(&session, &[("client_id", "other")]).await;
        let assertion =
            world.assertion("2", json!({"iss": "other", "sub": "other", "aud": [format!("{ISSUER}/openid/token")]}));
        let given =
            world.provider.exchange(&world.form(&code, "2", &[("client_assertion", &assertion)])).await.unwrap();
        assert_eq!(Jws::parse(&given.id_token).unwrap().algorithm(), Ok(Algorithm::Es256));
        assert_ne!(verified(&given.id_token, &jwks)["sub"], claims["sub"]);
    });
});

on_both_databases!(what_a_person_does_not_allow_is_not_told, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let asked = world.asked(&[]).await;
        let less = Scopes::parse("openid").unwrap();
        let back = world.provider.grant(&asked, &session, None, &less).await.unwrap();
        let code = parameter(&back, "code").unwrap();
        let given = world.provider.exchange(&world.form(&code, "1", &[])).await.unwrap();
        assert_eq!(given.scope, less);
        let told = world.provider.user_info(given.access_token.reveal(), DAY).await.unwrap();
        assert_eq!(told.keys().collect::<Vec<_>>(), ["sub"]);
        let again = world.provider.next(&asked, Some(&session)).await;
        assert!(matches!(again, Ok(Next::Back(_))), "what was left out is not asked again: {again:?}");
        let few = world.asked(&[("scope", "openid")]).await;
        let more = world.provider.grant(&few, &session, None, &Scopes::parse("openid profile").unwrap()).await;
        assert!(matches!(more, Err(GrantError::Scope)), "nothing that was not asked for");
        let none = world.provider.grant(&few, &session, None, &Scopes::parse("").unwrap()).await;
        assert!(matches!(none, Err(GrantError::Scope)));
        assert_eq!(parameter(&asked.denied(&world.provider), "error").as_deref(), Some("access_denied"));
    });
});

on_both_databases!(a_matched_person_is_told_by_name_and_number_and_sees_it, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let (party, scope) = (session.party, [("scope", "openid real_name id_number")]);
        let told = async |jti: &str| {
            let code = world.code(&session, &scope).await;
            let given = world.provider.exchange(&world.form(&code, jti, &[])).await.unwrap();
            let acr = Jws::parse(&given.id_token).unwrap().payload["acr"].clone();
            (acr, world.provider.user_info(given.access_token.reveal(), DAY).await.unwrap())
        };
        let (acr, unknown) = told("1").await;
        assert_eq!((acr, unknown.len()), (json!("L1"), 1), "what the city does not know is left out");
        let identity = Identity::parse("李星河", "11010519491231002X").unwrap();
        let verified = Verified { identity, level: Level::L2, verified_at: world.clock.now() };
        let vault = Vault::from_key(&[9; 32]);
        database.write(move |tx: &mut Tx| vault.record_identity(tx, party, &verified)).await.unwrap();
        let (acr, known) = told("2").await;
        assert_eq!(
            (acr, &known["real_name"], &known["id_number"]),
            (json!("L2"), &json!("李星河"), &json!("11010519491231002X"))
        );
        let seen = database.read(move |reader| reader.list_disclosures(party, 9)).await.unwrap();
        assert_eq!(seen.len(), 2);
        assert_eq!((seen[0].client.as_str(), seen[0].scope.as_str()), ("tickets", "openid real_name id_number"));
        database.write(move |tx: &mut Tx| tx.remove_openid_of(party)).await.unwrap();
        let seen = database.read(move |reader| reader.list_disclosures(party, 9)).await.unwrap();
        assert!(seen.is_empty());
    });
});

on_both_databases!(what_is_withdrawn_ends_at_once, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let code = world.code(&session, &[]).await;
        let given = world.provider.exchange(&world.form(&code, "1", &[])).await.unwrap();
        let pending = world.code(&session, &[]).await;
        assert!(world.provider.withdraw(session.party, "tickets").await.unwrap());
        let told = world.provider.user_info(given.access_token.reveal(), DAY).await;
        assert!(matches!(told, Err(UserInfoError::Token)), "the token");
        let exchanged = world.provider.exchange(&world.form(&pending, "2", &[])).await;
        assert!(matches!(exchanged, Err(TokenError::Grant)), "a code under way");
        assert_eq!(
            world.provider.next(&world.asked(&[]).await, Some(&session)).await.unwrap(),
            Next::Ask,
            "the consent"
        );
        assert!(!world.provider.withdraw(session.party, "tickets").await.unwrap());
        // The client takes one token back itself.
        let code = world.code(&session, &[]).await;
        let given = world.provider.exchange(&world.form(&code, "3", &[])).await.unwrap();
        let form = world.form("", "4", &[("token", given.access_token.reveal())]);
        world.provider.revoke(&form).await.unwrap();
        assert!(matches!(world.provider.user_info(given.access_token.reveal(), DAY).await, Err(UserInfoError::Token)));
        assert!(matches!(world.provider.revoke(&form).await, Err(TokenError::Client(_))), "the same assertion again");
    });
});

on_both_databases!(a_code_is_good_once_for_its_client_address_and_verifier, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let refused = async |code: &str, jti: &str, changes: &[(&str, &str)]| {
            matches!(world.provider.exchange(&world.form(code, jti, changes)).await, Err(TokenError::Grant))
        };
        // Used twice: the thief gets nothing and the first token ends.
        let code = world.code(&session, &[]).await;
        let given = world.provider.exchange(&world.form(&code, "1", &[])).await.unwrap();
        assert!(refused(&code, "2", &[]).await);
        assert!(matches!(world.provider.user_info(given.access_token.reveal(), DAY).await, Err(UserInfoError::Token)));
        // Another verifier: the code is spent.
        let code = world.code(&session, &[]).await;
        let other = VERIFIER.replace("long", "lang");
        assert!(refused(&code, "3", &[("code_verifier", &other)]).await);
        assert!(refused(&code, "4", &[]).await);
        // Another address, another client, too late, none at all.
        let code = world.code(&session, &[]).await;
        assert!(refused(&code, "5", &[("redirect_uri", "https://tickets.example/other")]).await);
        let assertion = world.assertion("6", json!({"iss": "other", "sub": "other"}));
        assert!(refused(&code, "6", &[("client_assertion", &assertion)]).await);
        world.clock.advance_us(60_000_000);
        assert!(refused(&code, "7", &[]).await);
        assert!(refused("nonsense", "8", &[]).await);
    });
});

on_both_databases!(a_client_proves_itself_anew_each_time, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let code = world.code(&session, &[]).await;
        let now_s = world.clock.now().as_micros() / 1_000_000;
        let forged = {
            let claims = json!({"iss": "tickets", "sub": "tickets", "aud": ISSUER, "exp": now_s + 60, "jti": "f"});
            HolderKey::from_ed25519(&[8; 32]).sign_jws("JWT", Some("k1"), claims.as_object().unwrap())
        };
        for (why, assertion) in [
            ("another key", forged),
            ("another audience", world.assertion("a", json!({"aud": "https://elsewhere.example"}))),
            ("no audience", world.assertion("a", json!({"aud": null}))),
            ("past", world.assertion("a", json!({"exp": now_s - 31}))),
            ("far ahead", world.assertion("a", json!({"exp": now_s + 3_601}))),
            ("not yet", world.assertion("a", json!({"nbf": now_s + 31}))),
            ("no name", world.assertion("a", json!({"jti": ""}))),
            ("nobody", world.assertion("a", json!({"iss": "nobody", "sub": "nobody"}))),
            ("for another", world.assertion("a", json!({"iss": "other"}))),
            ("no JWT", "x.y".to_owned()),
        ] {
            let found = world.provider.exchange(&world.form(&code, "x", &[("client_assertion", &assertion)])).await;
            assert!(matches!(found, Err(TokenError::Client(_))), "{why}");
        }
        for (name, value) in [("client_assertion_type", "client_secret"), ("client_id", "other")] {
            let found = world.provider.exchange(&world.form(&code, "x", &[(name, value)])).await;
            assert!(matches!(found, Err(TokenError::Client(_))), "{name}");
        }
        let found = world.provider.exchange(&world.form(&code, "x", &[("grant_type", "password")])).await;
        assert!(matches!(found, Err(TokenError::GrantType)));
        world.provider.exchange(&world.form(&code, "x", &[])).await.unwrap();
        let code = world.code(&session, &[]).await;
        let found = world.provider.exchange(&world.form(&code, "x", &[])).await;
        assert!(matches!(found, Err(TokenError::Client("the assertion was used before"))));
    });
});

on_both_databases!(a_request_that_does_not_fit_is_told_to_whom_it_may, |database| {
    let world = world(database);
    wait_for(async {
        for (name, value) in [
            ("client_id", "nobody"),
            ("redirect_uri", "https://tickets.example/back/"),
            ("redirect_uri", "https://tickets.example.evil/back"),
            ("redirect_uri", ""),
        ] {
            let found = world.provider.read(&query(&[(name, value)])).await;
            assert!(matches!(found, Err(AuthorizeError::Shown(_))), "{name}={value}: nobody is sent anywhere");
        }
        let twice = format!("{}&state=other", query(&[]));
        assert!(matches!(world.provider.read(&twice).await, Err(AuthorizeError::Shown(_))));
        for (name, value, expect) in [
            ("response_type", "token", "unsupported_response_type"),
            ("response_type", "code id_token", "unsupported_response_type"),
            ("response_mode", "fragment", "invalid_request"),
            ("code_challenge", "", "invalid_request"),
            ("code_challenge", "short", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("scope", "profile", "invalid_scope"),
            ("scope", "", "invalid_scope"),
            ("scope", "openid everything", "invalid_scope"),
            ("request", "x.y.z", "request_not_supported"),
            ("prompt", "none login", "invalid_request"),
            ("max_age", "-1", "invalid_request"),
        ] {
            let found = world.provider.read(&query(&[(name, value)])).await;
            let Err(AuthorizeError::Told(back)) = found else { panic!("{name}={value}: {found:?}") };
            assert!(back.starts_with(BACK), "{back}");
            assert_eq!(parameter(&back, "error").as_deref(), Some(expect), "{name}={value}");
            assert_eq!(parameter(&back, "state").as_deref(), Some("s&t"));
        }
    });
});

on_both_databases!(nobody_is_asked_where_the_client_wants_silence, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let silent = world.asked(&[("prompt", "none")]).await;
        let error =
            async |asked: &Authorization, session: Option<&Session>| match world.provider.next(asked, session).await {
                Err(AuthorizeError::Told(back)) => parameter(&back, "error").unwrap(),
                found => format!("{found:?}"),
            };
        assert_eq!(error(&silent, None).await, "login_required");
        assert_eq!(error(&silent, Some(&session)).await, "consent_required");
        world.code(&session, &[]).await;
        assert!(matches!(world.provider.next(&silent, Some(&session)).await, Ok(Next::Back(_))));
        world.clock.advance_us(61_000_000);
        let recent = world.asked(&[("prompt", "none"), ("max_age", "60")]).await;
        assert_eq!(error(&recent, Some(&session)).await, "login_required");
        for (prompt, expect) in [("login", Next::SignIn), ("consent", Next::Ask)] {
            let asked = world.asked(&[("prompt", prompt)]).await;
            assert_eq!(world.provider.next(&asked, Some(&session)).await.unwrap(), expect, "{prompt}");
        }
    });
});

on_both_databases!(what_a_person_left_out_is_not_asked_again, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let silent = world.asked(&[("prompt", "none"), ("scope", "openid profile real_name")]).await;
        let some = Scopes::parse("openid profile").unwrap();
        let asked = world.asked(&[("scope", "openid profile real_name")]).await;
        world.provider.grant(&asked, &session, None, &some).await.unwrap();
        let Next::Back(back) = world.provider.next(&silent, Some(&session)).await.unwrap() else {
            panic!("the person was asked about all of it");
        };
        let code = parameter(&back, "code").unwrap();
        let given = world.provider.exchange(&world.form(&code, "1", &[])).await.unwrap();
        assert_eq!(given.scope, some, "what was left out stays so");
        let fewer = world.asked(&[("scope", "openid")]).await;
        assert!(matches!(world.provider.next(&fewer, Some(&session)).await, Ok(Next::Back(_))));
        let again = world.asked(&[("scope", "openid real_name"), ("prompt", "consent")]).await;
        assert_eq!(world.provider.next(&again, Some(&session)).await.unwrap(), Next::Ask, "the client may ask anew");
        let more = world.asked(&[("scope", "openid id_number")]).await;
        assert_eq!(world.provider.next(&more, Some(&session)).await.unwrap(), Next::Ask, "never asked before");
    });
});

on_both_databases!(a_client_asks_as_often_as_its_contract_says, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let code = world.code(&session, &[]).await;
        let given = world.provider.exchange(&world.form(&code, "1", &[])).await.unwrap();
        let ask = async |day: &str| world.provider.user_info(given.access_token.reveal(), day).await;
        for _ in 0..3 {
            ask(DAY).await.unwrap();
        }
        for _ in 0..2 {
            assert!(matches!(ask(DAY).await, Err(UserInfoError::Quota(client)) if client.id == "tickets"));
        }
        let usage = world.store.read_blocking(|reader| reader.list_openid_usage(DAY)).unwrap();
        assert_eq!(usage.iter().map(|row| (row.requests, row.refused)).collect::<Vec<_>>(), [(3, 2)]);
        ask("2026-11-24").await.unwrap();
        world.clock.advance_us(600_000_000);
        assert!(matches!(ask("2026-11-24").await, Err(UserInfoError::Token)), "ten minutes later");
    });
});

on_both_databases!(keys_are_replaced_and_what_they_signed_stays_good, |database| {
    let world = world(database);
    wait_for(async {
        let session = world.resident().await;
        let mut seen = Vec::new();
        for day in 0..100 {
            let jti = day.to_string();
            let code = world.code(&session, &[]).await;
            let given = world.provider.exchange(&world.form(&code, &jti, &[])).await.unwrap();
            let keys = world.provider.keys().await.unwrap();
            let jwks: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
            verified(&given.id_token, &jwks);
            let kid = Jws::parse(&given.id_token).unwrap().kid().unwrap().unwrap().to_owned();
            if seen.last() != Some(&kid) {
                seen.push(kid);
            }
            assert_eq!(world.provider.client_of_hint(&given.id_token).await.unwrap().unwrap().id, "tickets");
            world.clock.advance_us(86_400_000_000);
        }
        assert_eq!(seen.len(), 2, "one key for ninety days, then the next");
        assert!(world.provider.client_of_hint("x").await.unwrap().is_none());
        world.provider.sweep().await.unwrap();
        let left = world.store.read(|reader| reader.list_openid_keys()).await.unwrap();
        assert_eq!(left.len(), 2, "the old ones are forgotten");
    });
});

/// An organisation whose legal representative that person is; the mandate they act under.
fn organisation(world: &World, representative: PartyId) -> MandateId {
    let now = world.clock.now();
    let record = move |tx: &mut Tx| {
        let party = tx.new_party_id(now);
        tx.record_party(&PartyRow::organisation(party, "91350100M000100Y43", "星河公司", now))?;
        let number = "91350100M000100Y43".to_owned();
        let name = "星河公司".to_owned();
        tx.record_organisation(&OrganisationRow { party, number, name, representative, verified_at: now })?;
        record_representative(tx, party, representative, now)
    };
    world.store.write_blocking(record).unwrap().id
}

on_both_databases!(a_program_learns_of_an_organisation_only_where_it_asked_and_the_person_agreed, |database| {
    let world = world(database.store());
    wait_for(async {
        let session = world.resident().await;
        let mandate = organisation(&world, session.party);
        for (at, (scope, acting, acr, is_told)) in [
            ("openid profile", Some(mandate), "L1", false),
            ("openid organisation", None, "L1", false),
            ("openid organisation", Some(mandate), "organisation-L1", true),
        ]
        .into_iter()
        .enumerate()
        {
            let asked = world.asked(&[("scope", scope)]).await;
            let back = world.provider.grant(&asked, &session, acting, &asked.scopes.clone()).await.unwrap();
            let code = parameter(&back, "code").unwrap();
            let done = world.provider.exchange(&world.form(&code, &format!("organisation-{at}"), &[])).await.unwrap();
            let id_token = Jws::parse(&done.id_token).unwrap().payload;
            assert_eq!(id_token["acr"], json!(acr), "{scope}");
            let told = world.provider.user_info(done.access_token.reveal(), &format!("day-{at}")).await.unwrap();
            let claim = json!({"number": "91350100M000100Y43", "name": "星河公司", "role": "legal_representative"});
            assert_eq!(told.get("organisation"), is_told.then_some(&claim), "{scope}");
            if scope.contains("organisation") {
                let again = world.provider.next(&asked, Some(&session)).await.unwrap();
                assert_eq!(again, Next::Ask, "for whom somebody acts is asked each time");
            }
        }
        // Ended, the mandate tells nothing any more, whatever token there is.
        let asked = world.asked(&[("scope", "openid organisation")]).await;
        let back = world.provider.grant(&asked, &session, Some(mandate), &asked.scopes.clone()).await.unwrap();
        let code = parameter(&back, "code").unwrap();
        let done = world.provider.exchange(&world.form(&code, "organisation-ended", &[])).await.unwrap();
        let now = world.clock.now();
        database.write_blocking(move |tx: &mut Tx| tx.end_mandates_of(session.party, now)).unwrap();
        let told = world.provider.user_info(done.access_token.reveal(), "day-ended").await.unwrap();
        assert_eq!(told.get("organisation"), None);
    });
});
