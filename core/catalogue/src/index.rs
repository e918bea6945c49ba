//! The full-text index, in memory.

use model::ServiceId;
use pack::{City, Service};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{AllQuery, BooleanQuery, BoostQuery, DisjunctionMaxQuery, EmptyQuery, Occur, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{DocAddress, IndexReader, ReloadPolicy, Searcher, TantivyDocument, Term};

use crate::words::{Words, fold, names_of};
use crate::{CatalogueError, Query};

/// Memory of the writer while the index is made, bytes: the least it takes, and enough for ten thousand services.
const WRITER_BYTES: usize = 15_000_000;

/// A word of the title weighs more than the same word among the keywords, and that more than one of the guide.
const TITLE_WEIGHT: f32 = 6.0;
const NAME_WEIGHT: f32 = 3.0;

pub(crate) struct Index {
    fields: Fields,
    reader: IndexReader,
}

#[derive(Clone, Copy)]
struct Fields {
    ordinal: Field,
    title: Field,
    names: Field,
    guide: Field,
    facet: Field,
}

/// The facets that a query narrows to.
pub(crate) fn facets_of(query: &Query) -> Vec<String> {
    let group = query.group.as_ref().map(|group| format!("group:{group}"));
    let event = query.life_event.as_ref().map(|event| format!("event:{event}"));
    let office = query.office.as_ref().map(|office| format!("office:{office}"));
    let audience = query.audience.map(|audience| format!("audience:{}", audience.as_str()));
    [group, event, office, audience].into_iter().flatten().collect()
}

impl Index {
    pub(crate) fn new(city: &City, order: &[&ServiceId], words: &Words) -> Result<Self, CatalogueError> {
        let mut schema = Schema::builder();
        let text = || {
            let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs);
            TextOptions::default().set_indexing_options(indexing)
        };
        let fields = Fields {
            ordinal: schema.add_u64_field("ordinal", FAST | INDEXED),
            title: schema.add_text_field("title", text()),
            names: schema.add_text_field("names", text()),
            guide: schema.add_text_field("guide", text()),
            facet: schema.add_text_field("facet", STRING),
        };
        let index = tantivy::Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads::<TantivyDocument>(1, WRITER_BYTES)?;
        for (ordinal, id) in (0_u64..).zip(order) {
            if let Some(service) = city.services.get(*id) {
                writer.add_document(fields.document(ordinal, service, city, words))?;
            }
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { fields, reader })
    }

    /// The services in some facets, in their order, and how many there are.
    pub(crate) fn list(
        &self,
        facets: &[String],
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<u32>, usize), CatalogueError> {
        let searcher = self.reader.searcher();
        let query = self.narrowed(Box::new(AllQuery), facets);
        // Equal scores would come in the order of the index, but several segments may not.
        let collector = TopDocs::with_limit(limit.max(1)).and_offset(offset);
        let collector = collector.order_by_fast_field::<u64>("ordinal", tantivy::Order::Asc);
        let (found, total) = searcher.search(&query, &(collector, Count))?;
        let ordinals = found.into_iter().filter_map(|(ordinal, _)| u32::try_from(ordinal?).ok()).collect();
        Ok((ordinals, total))
    }

    /// The services that hold all of some words, or any of them when none holds all; the best first.
    pub(crate) fn search(
        &self,
        words: &[String],
        facets: &[String],
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<u32>, usize), CatalogueError> {
        let searcher = self.reader.searcher();
        // A guide holds words of every kind: one of several is a hit in names alone.
        for (occur, in_guide) in [(Occur::Must, true), (Occur::Should, false)] {
            let terms = words.iter().map(|word| (occur, self.anywhere(word, in_guide))).collect::<Vec<_>>();
            let matching: Box<dyn tantivy::query::Query> =
                if terms.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::new(terms)) };
            let query = self.narrowed(matching, facets);
            let collector = TopDocs::with_limit(limit.max(1)).and_offset(offset).order_by_score();
            let (found, total) = searcher.search(&query, &(collector, Count))?;
            if total > 0 {
                return Ok((ordinals(&searcher, found.into_iter().map(|(_, at)| at))?, total));
            }
        }
        Ok((Vec::new(), 0))
    }

    /// A word in the title, in another name or, when that is wanted, in the guide: the best of them counts.
    fn anywhere(&self, word: &str, in_guide: bool) -> Box<dyn tantivy::query::Query> {
        let within = |field: Field, weight: f32| -> Box<dyn tantivy::query::Query> {
            let term = TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs);
            Box::new(BoostQuery::new(Box::new(term), weight))
        };
        let fields = &self.fields;
        let mut places = vec![within(fields.title, TITLE_WEIGHT), within(fields.names, NAME_WEIGHT)];
        if in_guide {
            places.push(within(fields.guide, 1.0));
        }
        Box::new(DisjunctionMaxQuery::new(places))
    }

    fn narrowed(&self, matching: Box<dyn tantivy::query::Query>, facets: &[String]) -> BooleanQuery {
        let facet = |facet: &String| -> (Occur, Box<dyn tantivy::query::Query>) {
            let term = TermQuery::new(Term::from_field_text(self.fields.facet, facet), IndexRecordOption::Basic);
            (Occur::Must, Box::new(BoostQuery::new(Box::new(term), 0.0)))
        };
        BooleanQuery::new(std::iter::once((Occur::Must, matching)).chain(facets.iter().map(facet)).collect())
    }
}

fn ordinals(searcher: &Searcher, found: impl Iterator<Item = DocAddress>) -> Result<Vec<u32>, CatalogueError> {
    let columns = searcher
        .segment_readers()
        .iter()
        .map(|segment| segment.fast_fields().u64("ordinal"))
        .collect::<Result<Vec<_>, _>>()?;
    let ordinal = |at: DocAddress| columns.get(at.segment_ord as usize)?.first(at.doc_id);
    Ok(found.filter_map(ordinal).filter_map(|ordinal| u32::try_from(ordinal).ok()).collect())
}

impl Fields {
    fn document(&self, ordinal: u64, service: &Service, city: &City, words: &Words) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_u64(self.ordinal, ordinal);
        let titles: Vec<&str> = service.title.0.values().map(String::as_str).collect();
        document.add_pre_tokenized_text(self.title, tokens(titles.iter().flat_map(|title| words.of(title))));
        let names: Vec<String> = names_of(service).map(fold).collect();
        let same = names.iter().flat_map(|name| words.synonyms_in(name)).map(str::to_owned).collect::<Vec<_>>();
        let all_names = names.iter().chain(&same).flat_map(|name| words.of(name));
        document.add_pre_tokenized_text(self.names, tokens(all_names));
        document.add_pre_tokenized_text(self.guide, tokens(guide(service, city).flat_map(|text| words.of(text))));
        for facet in facets(service) {
            document.add_text(self.facet, facet);
        }
        document
    }
}

/// What else is written about a service: what it is, who does it, what it takes and gives.
fn guide<'a>(service: &'a Service, city: &'a City) -> impl Iterator<Item = &'a str> {
    let office = city.offices.get(&service.office).map(|office| &office.title);
    let texts = service.description.iter().chain(office);
    let texts = texts.chain(service.materials.iter().map(|material| &material.title));
    let texts = texts.chain(service.result.iter().map(|result| &result.title));
    let groups = city.catalogue.groups.iter().filter(|group| service.groups.contains(&group.id));
    let events = city.catalogue.life_events.iter().filter(|event| service.life_events.contains(&event.id));
    let texts = texts.chain(groups.chain(events).map(|heading| &heading.title));
    texts.flat_map(|text| text.0.values()).map(String::as_str)
}

fn facets(service: &Service) -> Vec<String> {
    let groups = service.groups.iter().map(|group| format!("group:{group}"));
    let events = service.life_events.iter().map(|event| format!("event:{event}"));
    let audience = service.audience.iter().map(|audience| format!("audience:{}", audience.as_str()));
    groups.chain(events).chain(audience).chain([format!("office:{}", service.office)]).collect()
}

/// Words as the index takes them; it keeps no positions, so their places do not matter.
fn tokens(words: impl Iterator<Item = String>) -> PreTokenizedString {
    let token = |(position, text): (usize, String)| Token { position, text, ..Token::default() };
    PreTokenizedString { text: String::new(), tokens: words.enumerate().map(token).collect() }
}
