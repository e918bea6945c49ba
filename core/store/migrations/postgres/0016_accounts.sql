-- Who was erased and when, so that the list of erasures beside the database goes on from where it was. Ids alone.
CREATE TABLE erasures (
    party TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES parties (id),
    at_us BIGINT NOT NULL
);
CREATE INDEX erasures_at ON erasures (at_us);
-- Those of before: nobody noted when.
INSERT INTO erasures (party, at_us)
    SELECT id, 0 FROM parties
    WHERE login >= 'erased-' AND login < 'erased.' AND login = lower('erased-' || id) AND disabled AND kind = 'resident';
