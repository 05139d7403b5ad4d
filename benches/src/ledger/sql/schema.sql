-- What a careful back end has: an account a row, a transfer a row, its id the key of its idempotency. Numbers are bigint, there is no
-- second index and no table of entries: nothing that would cost PostgreSQL time.
CREATE TABLE accounts (
    id bigint PRIMARY KEY,
    debits bigint NOT NULL DEFAULT 0,
    credits bigint NOT NULL DEFAULT 0,
    limited boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

CREATE TABLE transfers (
    id bigint PRIMARY KEY,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    amount bigint NOT NULL,
    debits_after bigint NOT NULL,
    credits_after bigint NOT NULL
);

-- One transfer: false if it was there before. Rows are locked in the order of their ids, so that two transfers cannot wait for each other.
CREATE FUNCTION transfer(id bigint, debit bigint, credit bigint, amount bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    debited accounts%ROWTYPE;
    credited accounts%ROWTYPE;
BEGIN
    IF amount <= 0 OR debit = credit THEN
        RAISE EXCEPTION 'no transfer';
    END IF;
    IF debit < credit THEN
        UPDATE accounts a SET debits = a.debits + amount WHERE a.id = debit RETURNING * INTO debited;
        UPDATE accounts a SET credits = a.credits + amount WHERE a.id = credit RETURNING * INTO credited;
    ELSE
        UPDATE accounts a SET credits = a.credits + amount WHERE a.id = credit RETURNING * INTO credited;
        UPDATE accounts a SET debits = a.debits + amount WHERE a.id = debit RETURNING * INTO debited;
    END IF;
    IF debited.id IS NULL OR credited.id IS NULL THEN
        RAISE EXCEPTION 'no such account';
    END IF;
    IF debited.limited AND debited.debits > debited.credits THEN
        RAISE EXCEPTION 'exceeds credits';
    END IF;
    INSERT INTO transfers VALUES (id, debit, credit, amount, debited.debits, credited.credits) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'exists';
    END IF;
    RETURN true;
END $$;

-- A batch as a ledger means it: one transfer after another, each sees the one before it. All accounts are locked first, in the order of their ids, or two batches would wait for
-- each other. It does by itself what `transfer` does, which saves a call each. Made up within the server: nothing is sent.
CREATE FUNCTION transfer_batch(events int, accounts bigint) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    first bigint := (random() * 9e18)::bigint;
    from_accounts bigint[];
    to_accounts bigint[];
    amounts bigint[];
    debited accounts%ROWTYPE;
    credited accounts%ROWTYPE;
BEGIN
    SELECT array_agg(d), array_agg(1 + (d + (random() * (accounts - 2))::bigint) % accounts), array_agg(1 + (random() * 99)::bigint)
        INTO from_accounts, to_accounts, amounts
        FROM (SELECT 1 + (random() * (accounts - 1))::bigint AS d FROM generate_series(1, events)) made;
    PERFORM FROM accounts a WHERE a.id = ANY (from_accounts || to_accounts) ORDER BY a.id FOR UPDATE;
    FOR i IN 1..events LOOP
        UPDATE accounts a SET debits = a.debits + amounts[i] WHERE a.id = from_accounts[i] RETURNING * INTO debited;
        UPDATE accounts a SET credits = a.credits + amounts[i] WHERE a.id = to_accounts[i] RETURNING * INTO credited;
        IF debited.id IS NULL OR credited.id IS NULL THEN
            RAISE EXCEPTION 'no such account';
        END IF;
        IF debited.limited AND debited.debits > debited.credits THEN
            RAISE EXCEPTION 'exceeds credits';
        END IF;
        INSERT INTO transfers VALUES (first + i, from_accounts[i], to_accounts[i], amounts[i], debited.debits, credited.credits)
            ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'exists';
        END IF;
    END LOOP;
    RETURN events;
END $$;

-- A batch as sets: sums by account, one update each. It fails as a whole, and no transfer sees another. Reported, not judged: it is weaker.
CREATE FUNCTION transfer_netted(events int, accounts bigint) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    first bigint := (random() * 9e18)::bigint;
BEGIN
    WITH made AS MATERIALIZED (
        SELECT first + i AS id, 1 + (random() * (accounts - 1))::bigint AS debit, 1 + (random() * (accounts - 1))::bigint AS credit,
               1 + (random() * 99)::bigint AS amount
        FROM generate_series(1, events) i
    ), kept AS (
        INSERT INTO transfers SELECT id, debit, credit, amount, 0, 0 FROM made RETURNING debit, credit, amount
    ), sums AS (
        SELECT account, sum(d)::bigint AS d, sum(c)::bigint AS c
        FROM (SELECT debit AS account, amount AS d, 0 AS c FROM kept UNION ALL SELECT credit, 0, amount FROM kept) sides
        GROUP BY account
    ), locked AS (
        SELECT a.id FROM accounts a JOIN sums s ON s.account = a.id ORDER BY a.id FOR UPDATE OF a
    )
    UPDATE accounts a SET debits = a.debits + s.d, credits = a.credits + s.c FROM sums s, locked l
    WHERE a.id = s.account AND l.id = a.id;
    RETURN events;
END $$;
