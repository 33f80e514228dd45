using System.Text.Json;
using Polymath.Text.Chat;

namespace Polymath.Tests;

/// <summary>Chat templates against what Jinja makes of them, and the errors and limits of the subset.</summary>
public class ChatTemplateTests
{
    private static readonly Dictionary<string, string> Tokens = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };

    private static readonly ChatMessage[] Short = [new("system", "Be brief."), new("user", "Hi"), new("assistant", "Hello")];

    [Fact]
    public void A_models_own_template_renders_conversations_as_the_reference_does()
    {
        var template = ChatTemplate.Load(TestFiles.Golden("tokenizers", "bytebpe-smollm2"))!;
        var rows = File.ReadAllLines(TestFiles.Golden("tokenizers", "chat.jsonl")).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(40, rows.Count);
        Assert.All(rows, row => Assert.Equal(row.GetProperty("rendered").GetString(), template.Render(Messages(row.GetProperty("messages")), row.GetProperty("add_generation_prompt").GetBoolean())));
    }

    [Fact]
    public void Templates_of_known_families_render_as_in_Jinja()
    {
        var golden = Golden();
        var conversations = golden.GetProperty("conversations").EnumerateArray().Select(Messages).ToList();
        var templates = golden.GetProperty("templates").EnumerateObject().ToDictionary(t => t.Name, t => ChatTemplate.Parse(t.Value.GetString()!, t.Name, Tokens));
        var wrong = new List<string>();
        var count = 0;
        foreach (var row in golden.GetProperty("families").EnumerateArray())
        {
            count++;
            var name = row.GetProperty("template").GetString()!;
            var got = TryRender(() => templates[name], conversations[row.GetProperty("conversation").GetInt32()], row.GetProperty("generate").GetBoolean());
            if (got != row.GetProperty("rendered").GetString()) wrong.Add($"{name}, {row.GetProperty("conversation")}: wanted {row.GetProperty("rendered")}, got {got}");
        }
        Assert.Equal(392, count);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(10)));
    }

    [Fact]
    public void Expressions_statements_and_white_space_mean_what_they_mean_in_Jinja()
    {
        var golden = Golden();
        var messages = Messages(golden.GetProperty("conversations")[3]);
        var wrong = new List<string>();
        var count = 0;
        foreach (var row in golden.GetProperty("pieces").EnumerateArray())
        {
            count++;
            var text = row.GetProperty("template").GetString()!;
            var got = TryRender(() => ChatTemplate.Parse(text, "test", Tokens), messages, generate: true);
            if (got != row.GetProperty("rendered").GetString()) wrong.Add($"{text}\n  wanted {row.GetProperty("rendered")}\n  got    {got}");
        }
        Assert.True(count > 300, $"{count} templates");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(10)));
    }

    [Theory]
    [InlineData("a\n{% include 'x' %}", "line 2", "the statement 'include'")]
    [InlineData("{{ 'a'|wordwrap }}", "line 1", "the filter 'wordwrap'")]
    [InlineData("\n\n{{ 'a' is filter }}", "line 3", "the test 'filter'")]
    [InlineData("{{ strftime_now('%Y') }}", "line 1", "the function 'strftime_now'")]
    [InlineData("{{ 'a'.encode() }}", "line 1", "'encode' of a string")]
    [InlineData("{% for a in b recursive %}{% endfor %}", "line 1", "recursive")]
    [InlineData("{{ '%s' % 1 }}", "line 1", "'%' between a string and a number")]
    [InlineData("{{ messages[0].a.b }}", "line 1", "'a' is undefined")]
    [InlineData("{% if 1 %}\n{% for x in y %}", "line 2", "not closed with 'endfor'")]
    [InlineData("{% endfor %}", "line 1", "'endfor'")]
    [InlineData("a {{ 'b }}", "line 1", "a string is not closed")]
    [InlineData("{{ 1 ? 2 }}", "line 1", "'?'")]
    public void What_is_outside_the_subset_is_named_with_its_line(string text, string line, string what)
    {
        var error = Assert.Throws<PolymathException>(() => ChatTemplate.Parse(text, "some.jinja").Render(Short, true));
        Assert.StartsWith("some.jinja: ", error.Message);
        Assert.Contains(line, error.Message);
        Assert.Contains(what, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_template_may_refuse_a_conversation()
    {
        var error = Assert.Throws<PolymathException>(() => ChatTemplate.Parse("{{ raise_exception('no\nway') }}", "t").Render(Short, false));
        Assert.Equal(@"t: the chat template refuses this conversation: no\nway (line 1).", error.Message);
    }

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ range(9999999999) }}")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% for i in range(99999) %}{{ 'abcdefghijklmnopqrstuvwxyz' * 10 }}{% endfor %}")]
    [InlineData("{{ 'ab' * 9999999999999 }}")]
    [InlineData("{{ 'ab' * 9223372036854775807 }}")]
    [InlineData("{% set a = 'a' * 2000000 %}{% set b = 'a' * 1000000 ~ 'b' %}{% for i in range(99) %}{{ b in a }}{{ a.find(b) }}{{ a.split(b) }}{% endfor %}")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{{ 9223372036854775807 + 1 }}")]
    [InlineData("{{ 2 ** 99999999999 }}")]
    [InlineData("{{ 99999999999999999999999 }}")]
    public void Hostile_templates_end_in_an_error_and_soon(string text)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Throws<PolymathException>(() => ChatTemplate.Parse(text, "t").Render(Short, true));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData("{{ ", "(", ")", " }}")]
    [InlineData("{{ ", "[", "]", " }}")]
    [InlineData("{{ ", "not ", "", " }}")]
    [InlineData("{{ ", "-", "", " }}")]
    [InlineData("{{ ", "1+", "", "1 }}")]
    [InlineData("{{ x", ".x", "", " }}")]
    [InlineData("{{ x", "|trim", "", " }}")]
    [InlineData("{{ 1 ", "if 1 else 1 ", "", " }}")]
    [InlineData("", "{% if 1 %}", "{% endif %}", "")]
    [InlineData("", "{% for x in y %}", "{% endfor %}", "")]
    public void Deep_nesting_is_refused_and_does_not_overflow_the_stack(string before, string open, string close, string after)
    {
        string Nested(int count) => before + string.Concat(Enumerable.Repeat(open, count)) + (close is ")" or "]" or "" && after == " }}" && !before.Contains('x') && !before.Contains('1') ? "1" : "") + string.Concat(Enumerable.Repeat(close, count)) + after;
        _ = ChatTemplate.Parse(Nested(20), "t");
        Assert.Throws<PolymathException>(() => ChatTemplate.Parse(Nested(30_000), "t"));
    }

    [Fact]
    public void Long_conversations_render_in_time_that_grows_with_them()
    {
        var template = ChatTemplate.Load(TestFiles.Golden("tokenizers", "bytebpe-smollm2"))!;
        var messages = Enumerable.Range(0, 20_000).Select(i => new ChatMessage(i % 2 == 0 ? "user" : "assistant", new string('x', 100))).ToList();
        Assert.True(template.Render(messages, true).Length > 2_000_000);
    }

    [Fact]
    public void A_folder_may_hold_one_template_several_or_none()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(ChatTemplate.Load(folder.Path));
        File.WriteAllText(folder["tokenizer_config.json"], """{"bos_token":{"content":"<b>"},"chat_template":[{"name":"tool_use","template":"tools"},{"name":"default","template":"{{ bos_token }}{{ messages[0].content }}"}]}""");
        Assert.Equal("<b>Be brief.", ChatTemplate.Load(folder.Path)!.Render(Short, false));
        File.WriteAllText(folder["chat_template.jinja"], "{{ bos_token }}{{ messages|length }}\n");
        Assert.Equal("<b>3", ChatTemplate.Load(folder.Path)!.Render(Short, false));
        File.WriteAllText(folder["chat_template.jinja"], "{{ bos_token");
        Assert.StartsWith(folder["chat_template.jinja"], Assert.Throws<PolymathException>(() => ChatTemplate.Load(folder.Path)).Message);
        Assert.Contains("no such folder", Assert.Throws<PolymathException>(() => ChatTemplate.Load(folder["nowhere"])).Message);
    }

    [Fact]
    public void Mutated_templates_give_an_error_of_one_line_or_a_text()
    {
        var random = new Random(7);
        byte[][] originals = [.. Golden().GetProperty("templates").EnumerateObject().Select(t => System.Text.Encoding.UTF8.GetBytes(t.Value.GetString()!))];
        var (working, refused) = (0, 0);
        for (var round = 0; round < 5000; round++)
        {
            if (FuzzChecks.ChatTemplateWorks(System.Text.Encoding.UTF8.GetString(Mutations.Template(originals[round % originals.Length], random)))) working++;
            else refused++;
        }
        Assert.True(working > 500 && refused > 500, $"{working} working, {refused} refused: the mutations are one-sided");
    }

    private static JsonElement Golden() => JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("chat", "cases.json"))).RootElement;

    private static List<ChatMessage> Messages(JsonElement conversation) =>
        [.. conversation.EnumerateArray().Select(m => new ChatMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))];

    private static string? TryRender(Func<ChatTemplate> template, IReadOnlyList<ChatMessage> messages, bool generate)
    {
        try
        {
            return template().Render(messages, generate);
        }
        catch (PolymathException)
        {
            return null;
        }
    }
}
