-- Streams by whom their first event names as its `owner`: an index of the facts themselves, so that nothing has to keep it.
-- Events that name nobody are not in it.

-- An event may hold what PostgreSQL has no text for, such as the character 0, and must be stored all the same. Whether it
-- does is asked only of those that escape something, because the question costs a savepoint.
CREATE FUNCTION owner_named_by(payload JSON) RETURNS TEXT LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS
$$ BEGIN
    IF strpos(payload::text, '\u') = 0 THEN
        RETURN payload ->> 'owner';
    END IF;
    BEGIN
        RETURN payload ->> 'owner';
    EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
        RETURN NULL;
    END;
END $$;

CREATE INDEX events_by_owner ON events (aggregate_type, owner_named_by(payload), aggregate_id)
WHERE version = 1 AND owner_named_by(payload) IS NOT NULL;
