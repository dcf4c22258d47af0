{# Hashes of text, as 32 hexadecimal digits. #}

{% macro keyed_hash(text, pads) -%}
    {# HMAC-SHA-256, cut as publication cuts it (orchestration/releases/privacy.py): `pads` is the one row of
       pipeline.hash_pad, the padded keys. Nobody without the key can turn it back by trying values. #}
    {{- adapter.dispatch('keyed_hash')(text, pads) -}}
{%- endmacro %}

{% macro default__keyed_hash(text, pads) -%}
    left(sha256({{ pads }}.outer_pad || unhex(sha256({{ pads }}.inner_pad || encode({{ text }})))), 32)
{%- endmacro %}

{% macro spark__keyed_hash(text, pads) -%}
    left(
        sha2(
            concat(
                {{ pads }}.outer_pad,
                unhex(sha2(concat({{ pads }}.inner_pad, encode({{ text }}, 'UTF-8')), 256))
            ),
            256
        ),
        32
    )
{%- endmacro %}
