"""Builds cases.json: chat templates and expressions, rendered by Jinja2 3.1.6 set up as transformers sets it up for chat templates.

python make_chat.py    writes cases.json beside this file; two runs give the same bytes

The templates have the structure of those that well-known model families ship.
"""
import json
from pathlib import Path

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATES = {
    "chatml": """{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}""",
    "llama-2": """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('user and assistant must take turns') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    "llama-3": """{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}""",
    "llama-3.1": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message comes out first, so that it can be put into a block of its own. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or (message.content is iterable and message.content is not string) %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "qwen2": """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}""",
    "qwen3": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- for tool in tools %}
        {{- tool | tojson }}
    {%- endfor %}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and reasoning_content)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "mistral": """{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('user and assistant must take turns') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('a role that is not known') }}{% endif %}{% endfor %}""",
    "mistral-v0.3": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("user and assistant must take turns behind the system message") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- elif message == user_messages[-1] %}
            {{- "[INST] " ~ message["content"] ~ "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("a role that is not known behind the system message") }}
    {%- endif %}
{%- endfor %}
""",
    "zephyr": """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "gemma": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system message, please') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('user and assistant must take turns') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}""",
    "gemma-3": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\n\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\n\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("user and assistant must take turns") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {{ item['text'] | trim }}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("content that is no text") }}
    {%- endif -%}
    {{ '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\n'}}
{%- endif -%}
""",
    "phi-3": """{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}""",
    "deepseek": """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ 'User: ' + message['content'] + '\n\n' }}{% elif message['role'] == 'assistant' %}{{ 'Assistant: ' + message['content'] + eos_token }}{% elif message['role'] == 'system' %}{{ message['content'] + '\n\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}""",
    "macro": """{%- macro turn(role, text, end='<|end|>') -%}
<|{{ role }}|>{{ text | trim }}{{ end }}
{%- endmacro -%}
{%- for message in messages %}
    {%- generation %}
    {%- endgeneration %}
    {{- turn(message.role, message.content) }}
    {%- if loop.last %}{% break %}{% endif %}
{{ '' }}
{%- endfor %}
{%- set tail %}
{{ turn('assistant', '', end='') }}
{%- endset %}
{%- if add_generation_prompt %}{{ tail.strip() }}{% endif %}
""",
}

LAYOUT = [
    "a\n{% if true %}\nb\n{% endif %}\nc\n", "a\n  {% if true %}  \nb\n  {% endif %}  c\n\n", "  {%- if true -%}  \n b \n {%- endif -%}  \n c",
    "  {%+ if true +%}  \n b \n {%+ endif +%}\n c", "{# c #}\nx\n  {# d #}\ny {# e #}\nz{#- f -#}  w", "{{ 1 }}\n{{ 2 -}}\n {{- 3 }}",
    "{% raw %}{{ x }} {% if %}{% endraw %}\ny", "{% raw -%}  {{ x }} {%- endraw %}\ny", "a\r\nb\r\n{% if true %}\r\nc{% endif %}\r",
    "   {% set x = 1 %}   \n y", "x   {% set x = 1 %}   \n y", "{{ 1 }}  {% if true %} a {% endif %}\n  b", "{% if true %}  {% if true %}x{% endif %}{% endif %}",
    "{% if true %}\n  {% if true %}\nx{% endif %}{% endif %}", "\n\n{% if true %}\n\nx\n\n{% endif %}\n\n", "{% for m in messages -%}\n    {{- m.role }}\n{%- endfor %}",
    "{%- for m in messages %}\n    {%- if m.role == 'user' %}\n        {{- 'U' }}\n    {%- endif %}\n{%- endfor %}\n", "",
]

BLOCKS = [
    "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ m.role }}\n{% endfor %}",
    "{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}{{ m.content }}{% else %}none{% endfor %}", "{% for m in [] %}x{% else %}empty{% endfor %}",
    "{% for k, v in messages[0].items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in messages[0] %}{{ k }};{% endfor %}", "{% for c in 'héy😀' %}{{ c }}.{% endfor %}",
    "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% set ns = namespace(x=0, found=false) %}{% for m in messages %}{% set ns.x = ns.x + 1 %}{% endfor %}{{ ns.x }}",
    "{% set x = 1 %}{% for i in range(2) %}{{ x }}{% set x = 5 %}{{ x }}{% endfor %}{{ x }}", "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = [1] %}{{ a }}", "{% set x %}hello {{ 1 }}{% endset %}{{ x|upper }}",
    "{% macro f(a, b='z') %}[{{ a }}{{ b }}]{% endmacro %}{{ f(1) }}{{ f(1, b=2) }}{{ f() }}",
    "{% macro f(a) %}{{ y }}{% endmacro %}{% set y = 3 %}{{ f(1) }}{% for i in [1] %}{% set y = 4 %}{{ f(1) }}{% endfor %}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}", "{% macro f(n) %}{% for i in range(n) %}{{ loop.index }}{% endfor %}{% endmacro %}{{ f(3)|length }}",
    "{% for a in [1,2] %}{% for b in [3,4] %}{{ loop.index }}{{ loop.depth }}{% endfor %}{{ loop.index }}{% endfor %}", "{% if false %}a{% elif messages %}b{% else %}c{% endif %}",
    "{{ '{%' }}{{ '%}' }}{{ \"}}\" }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ {'a': {'b': 1}} }}", "{% for i in loopvar %}x{% endfor %}", "{% for i in 5 %}x{% endfor %}",
    "{{ loop.index }}", "{% if true %}x", "{% endif %}", "{% for x in %}{% endfor %}", "{{ 1 ", "{# x", "{{ }}", "{% nosuch %}", "{% include 'x' %}", "{{ 'x }}", "{{ a b }}", "{{ 1 + }}",
    "{% set 1 = 2 %}", "{% set x.y = 2 %}", "{{ [1,2 }}", "{{ messages.append(1) }}", "{{ messages[0].update({'a':1}) }}", "{{ ''.__class__.__mro__ }}",
    "{% for m in messages %}{{ loop.previtem.role }}{{ loop.nextitem.role if not loop.last else '' }}{{ loop.cycle('a','b') }}{% endfor %}",
    "{% set x = [] %}{% for m in messages %}{% set x = x + [m.role] %}{% endfor %}{{ x }}", "{% set ns = namespace() %}{% set ns.a = [] %}{% for m in messages %}{% set ns.a = ns.a + [m.role] %}{% endfor %}{{ ns.a }}",
    "{% for i in range(3) %}{{ i }}{{ ', ' if not loop.last }}{% endfor %}", "{{ undefinedvar }}|{{ undefinedvar is defined }}|{{ tools is none }}|{{ strftime_now is defined }}|{{ pad_token }}",
]

EXPRESSIONS = r"""1+2*3
7//2
-7//2
7%3
-7%3
7%-3
2**3
2**-1
7/2
1.0
1e20
0.1+0.2
1e-5
123456789.123
1e16
1e15
-0.0
-2**2
1_000
'a' 'b'
"a\n\t\x41\u00e9\\ \q"
'a' ~ 1 ~ none ~ true ~ 1.5
'a' + 'b'
'a' + 1
[1,2]+[3]
1 < 2 < 3
1 < 3 < 2
1 == 1.0
true == 1
'a' == "a"
'a' in 'abc'
'x' not in 'abc'
'role' in messages[0]
1 in [1,2]
not true
not not 1
none or 'x'
0 and 1
'' or 'd'
1 if true else 2
1 if false
(1 if false) is defined
undefinedvar
undefinedvar is defined
undefinedvar.x
undefinedvar == none
messages|length
messages[0]['role']
messages[0].role
messages[-1].role
messages[9]
messages[9].x
messages[9] is defined
messages[1:]|length
messages[::-1]|map(attribute='role')|list
messages[1].content[:4]
messages[1].content[3:5]
messages[1].content[::-1]
messages[1].content|length
messages[1].content|upper
messages[1].content|trim
messages[0].content.strip()
messages[0].content.lstrip() ~ '|'
messages[0].content.rstrip() ~ '|'
messages[0].content|tojson
messages|tojson
messages|tojson(indent=2)
messages[0]
messages
[1,'a',none,true,1.5,[],{}]
{'a':1,'b':[1,2]}|tojson
{'a':{}}
{}|tojson(indent=4)
[]|tojson(indent=4)
messages[2].content.split('</think>')
messages[2].content.split('</think>')[-1].strip()
messages[2].content.split('</think>')[0].split('<think>')[-1]
'a b  c '.split()
'a b  c '.split(' ')
'a b  c '.split(none, 1)
' a b  c '.split(maxsplit=1)
'a,b,c'.split(',', 1)
'a,b,c'.rsplit(',', 1)
'abc'.startswith('a')
'abc'.startswith(('x','a'))
'abc'.endswith('bc')
'aXbXc'.replace('X','-')
'aXbXc'.replace('X','-',1)
'aXbXc'|replace('X','-')
'hello world'|title
'hello WORLD'|capitalize
'hello WORLD'.title()
'abc'|first
'abc'|last
[]|first
[1,2,3]|last
[1,2,3]|join(', ')
[1,2,3]|join
messages|join(',', attribute='role')
'abc'|list
'abc'|reverse
[1,2]|reverse|list
[1,2,1,'a','A']|unique|list
undefinedvar|default('z')
''|default('z')
''|default('z', true)
none|default('z')
none|d('z', boolean=true)
undefinedvar|length
undefinedvar|trim
undefinedvar|upper
messages|selectattr('role','equalto','user')|list|length
messages|selectattr('role','eq','user')|map(attribute='content')|list
messages|rejectattr('role','in',['user'])|map(attribute='role')|join(' ')
messages|selectattr('foo')|list
messages|selectattr('foo','defined')|list
['a','b']|map('upper')|join
[0,1,2]|select|list
[0,1,2]|select('odd')|list
[0,1,2]|reject('odd')|list
3 is odd
4 is even
4 is divisibleby 2
4 is divisibleby(3)
'x' is string
1 is string
1 is number
true is number
1.5 is float
1 is integer
true is integer
none is none
messages is sequence
messages[0] is mapping
messages is iterable
1 is iterable
'a' is in ['a']
1 is eq 1
1 is not none
true is true
1 is true
'abc' is lower
range(3)|list
range(1,4)|list
range(5,0,-2)|list
loop
messages[0].items()|list
messages[0]|items|list
messages[0].keys()|list
messages[0].get('role')
messages[0].get('foo','bar')
messages[0].get('foo')
{'items': 3}['items']
'1'|int + 1
'x'|int
'1.5'|int
'1.5'|float
3.99|int
-5|abs
(-5)|abs
'a'.foo
'a'.foo()
namespace(a=1).a
namespace(a=1).b
dict(a=1).a
raise_exception('no')
nosuch()
'abc'|nosuch
'abc' is nosuch
1,2
(1,)
()
[1,2,]
{'a':1,}
"a" if messages|length > 2 and not false else "b"
messages[0].role != 'system'
'abc'.find('c')
'abc'.find('z')
'😀c'.find('c')
'abc'|string
1|string ~ 'x'
'a\nb\nc'|indent
'a\n\nc'|indent(2, true)
'a\nb'.splitlines()
'a\nb\n'.splitlines()
'  x '.strip() ~ '.'
'xxaxx'.strip('x')
'abc'.count('b')
','.join(['a','b'])
'A'.lower()
'a'.upper()
'12'.isdigit()
'ab'.removeprefix('a')
messages[0]['role'] == 'system' and messages|length
(messages|length) - 1
messages|length - 1
-1|abs
1 ~ 2 + 3
1 + 2 ~ 3
'b' > 'a'
[1] == [1]
{'a':1} == {'a':1}
1 == '1'
none == false
bos_token + 'x'
pad_token
tools is none
tools is defined
tools
strftime_now is defined
messages[0].content.split('\n')[0] | trim
'x' * 3
3 * 'x'
true + 1
1 // 0
5 is not odd
5 is not divisibleby 5
not 5 is odd
'a' ~ ('b' if true else 'c')
"{{ x }}"
'a' is not defined
messages.0.role
messages[0]["content"][0]
'\u2028'.strip() ~ 'x'
'\x1c a'|trim
messages[1:3]|map(attribute='role')|list
messages[:-1]|length
(messages|last).role
'a'|safe
{'b':1,'a':2}|tojson
1e3
'é'|tojson
'<&>'|tojson
'\x7f\x01'|tojson
'a'=='a' in ['a']
'don\'t'
["it's"]
['a"b']
["a'b\"c"]
['\n\t\\é']"""


def alternating(*texts):
    return [dict(role=("user", "assistant")[i % 2], content=t) for i, t in enumerate(texts)]


CONVERSATIONS = [
    alternating("Hello"), alternating("Hi", "Hello! How can I help?", "What is 12345 + 678?"), [dict(role="system", content="You are a pirate.")] + alternating("Hello"),
    [dict(role="system", content=" Be brief.\n")] + alternating("2+2?", "<think>\nsum\n</think>\n\n4", "3+3?", "6 "), [dict(role="user", content="")], [dict(role="system", content="Only system")],
    alternating("Render {{ 7 * 7 }} and {% if x %}y{% endif %} and {# c #} literally"), alternating("naïve café 😀 你好 \"x\" 'y'\t\\ \u2028", "Ça va ½"), alternating("line 1\r\nline 2\n\n  indented\n"),
    [dict(role="assistant", content="I start"), dict(role="user", content="then you")], [dict(role="user", content="one"), dict(role="user", content="two")],
    [dict(role="system", content="A"), dict(role="system", content="B"), dict(role="user", content="C")],
    [dict(role="user", content="and?"), dict(role="tool", content="{\"result\": 3}"), dict(role="tool", content="4"), dict(role="assistant", content="done")], [],
]


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_write"), [], [], body).set_lineno(line)

    def _write(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = lambda x, ensure_ascii=False, indent=None, separators=None, sort_keys=False: json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    env.globals["raise_exception"] = raise_exception
    return env


def render(env, template, messages, generate):
    """The text, or None where Jinja refuses."""
    try:
        return env.from_string(template).render(messages=messages, tools=None, documents=None, add_generation_prompt=generate, bos_token="<s>", eos_token="</s>")
    except Exception:
        return None


def main():
    env = environment()
    families = [dict(template=name, conversation=i, generate=g, rendered=render(env, text, c, g)) for name, text in TEMPLATES.items() for i, c in enumerate(CONVERSATIONS) for g in (False, True)]
    small = LAYOUT + BLOCKS + ["{{ " + e + " }}" for e in EXPRESSIONS.split("\n")]
    pieces = [dict(template=t, rendered=render(env, t, CONVERSATIONS[3], True)) for t in small]
    value = dict(conversations=CONVERSATIONS, templates=TEMPLATES, families=families, pieces=pieces)
    Path(__file__).with_name("cases.json").write_text(json.dumps(value, indent=0, ensure_ascii=True) + "\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
