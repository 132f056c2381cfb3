-- One confirmed order in three commits: placed, stock held, paid and confirmed.
-- :a and :b are the numbers of two different SKUs, the smaller first.
BEGIN;
INSERT INTO placed_order VALUES (
    uuidv7(), (random() * 1e12)::bigint::text, '01890a5d-ac96-774b-bcce-b302099a8057', 'created', 1, 'EUR', 5970, 0,
    490, 953, 6460, 'standard',
    '{"name": "Ada Lovelace", "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE", "phone": "+49301234567"}',
    'sandbox', 'card', 'tok_approve', '{"cart": "cart-1"}', 'local', 'service demo', now(), now()
) RETURNING id AS order_id \gset
INSERT INTO order_item VALUES
    (:order_id, 1, :a, 'Oak Mug 1', 2, 1990), (:order_id, 2, :b, 'Linen Lamp 2', 1, 1990);
INSERT INTO outbox (aggregate_id, seq, type, payload, occurred_at) VALUES (
    :order_id, 1, 'orders.order_created',
    '{"number": "ABCD-EFGH-J", "currency": "EUR", "total_minor": 6460, "items": [{"sku": "SKU-0001", "quantity": 2, "unit_price_minor": 1990}, {"sku": "SKU-0002", "quantity": 1, "unit_price_minor": 1990}]}',
    now());
COMMIT;
BEGIN;
INSERT INTO reservation VALUES (uuidv7(), :order_id, 'held', now() + interval '15 min', now())
RETURNING id AS reservation_id \gset
INSERT INTO outbox (aggregate_id, seq, type, payload, occurred_at) VALUES (
    :order_id, 1, 'inventory.inventory_reserved',
    '{"items": [{"sku": "SKU-0001", "warehouse": "BER", "quantity": 2}, {"sku": "SKU-0002", "warehouse": "BER", "quantity": 1}]}',
    now());
UPDATE stock_level SET reserved = reserved + 2 WHERE sku = :a AND on_hand - reserved >= 2;
UPDATE stock_level SET reserved = reserved + 1 WHERE sku = :b AND on_hand - reserved >= 1;
INSERT INTO reservation_item (reservation_id, sku, quantity)
VALUES (:reservation_id, :a, 2), (:reservation_id, :b, 1);
COMMIT;
BEGIN;
INSERT INTO payment VALUES (
    uuidv7(), :order_id, 'authorized', 6460, 'EUR', 'sandbox', 'tok_approve',
    'sbx_0123456789abcdef01234567', now());
UPDATE placed_order SET status = 'confirmed', version = 2, updated_at = now() WHERE id = :order_id;
INSERT INTO order_step VALUES
    (:order_id, 1, now(), 'created', 'confirmed', 'Order confirmed', 'system orders');
INSERT INTO outbox (aggregate_id, seq, type, payload, occurred_at) VALUES (
    :order_id, 2, 'orders.order_confirmed',
    '{"number": "ABCD-EFGH-J", "currency": "EUR", "total_minor": 6460}', now());
COMMIT;
