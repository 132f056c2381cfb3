-- The tables that one confirmed order needs, bare: keys, foreign keys and the usual indexes.
CREATE TABLE placed_order (
    id uuid PRIMARY KEY, number text NOT NULL, customer_id uuid NOT NULL, status text NOT NULL,
    version int NOT NULL, currency text NOT NULL, items_minor bigint NOT NULL,
    discounts_minor bigint NOT NULL, shipping_minor bigint NOT NULL, tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL, shipping_method text NOT NULL, shipping_address jsonb NOT NULL,
    payment_provider text NOT NULL, payment_method_type text NOT NULL, payment_token text NOT NULL,
    metadata jsonb NOT NULL, region text NOT NULL, placed_by text NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL
);
CREATE INDEX ON placed_order (number);
CREATE INDEX ON placed_order (customer_id, id);
CREATE INDEX ON placed_order (status, id);
CREATE TABLE order_item (
    order_id uuid REFERENCES placed_order, position smallint, sku text NOT NULL, name text NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0), unit_price_minor bigint NOT NULL,
    PRIMARY KEY (order_id, position)
);
CREATE INDEX ON order_item (sku);
CREATE TABLE order_step (
    order_id uuid REFERENCES placed_order, position smallint, at timestamptz NOT NULL,
    from_status text NOT NULL, to_status text NOT NULL, what text NOT NULL, actor text NOT NULL,
    PRIMARY KEY (order_id, position)
);
CREATE TABLE stock_level (
    sku text PRIMARY KEY, on_hand int NOT NULL, reserved int NOT NULL CHECK (reserved <= on_hand)
);
INSERT INTO stock_level SELECT number::text, 1000000000, 0 FROM generate_series(1, 1000) AS number;
CREATE TABLE reservation (
    id uuid PRIMARY KEY, order_id uuid NOT NULL UNIQUE REFERENCES placed_order,
    status text NOT NULL, expires_at timestamptz NOT NULL, created_at timestamptz NOT NULL
);
CREATE INDEX ON reservation (expires_at) WHERE status = 'held';
CREATE TABLE reservation_item (
    id bigserial PRIMARY KEY, reservation_id uuid NOT NULL REFERENCES reservation,
    sku text NOT NULL, quantity int NOT NULL CHECK (quantity > 0)
);
CREATE INDEX ON reservation_item (reservation_id);
CREATE TABLE payment (
    id uuid PRIMARY KEY, order_id uuid NOT NULL UNIQUE REFERENCES placed_order,
    status text NOT NULL, amount_minor bigint NOT NULL, currency text NOT NULL,
    provider text NOT NULL, method_token text NOT NULL, reference text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON payment (reference);
CREATE TABLE outbox (
    id bigserial PRIMARY KEY, aggregate_id uuid NOT NULL, seq int NOT NULL, type text NOT NULL,
    payload jsonb NOT NULL, occurred_at timestamptz NOT NULL
);
CREATE INDEX ON outbox (aggregate_id, seq);
