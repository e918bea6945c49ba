-- Who was erased and when, so that the list of erasures beside the database goes on from where it was. Ids alone.
CREATE TABLE erasures (
    party TEXT NOT NULL PRIMARY KEY REFERENCES parties (id),
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_at ON erasures (at_us);
-- Those of before: nobody noted when.
INSERT INTO erasures (party, at_us)
    SELECT id, 0 FROM parties
    WHERE login >= 'erased-' AND login < 'erased.' AND login = lower('erased-' || id) AND disabled = 1 AND kind = 'resident';
