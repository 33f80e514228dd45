using System.Text.Json;
using Polymath.Checkpoints;
using Polymath.Checkpoints.Gguf;
using Polymath.Text;
using Polymath.Text.Chat;
using Polymath.Text.Reading;

namespace Polymath.Tests;

/// <summary>
/// What must hold of a damaged file, for tests and for the benchmark <c>fuzz</c>: it is refused in one line (false) or works as a whole file
/// does (true); anything else is an exception of another kind.
/// </summary>
internal static class FuzzChecks
{
    private static readonly string[] Texts = ["", " ", "ab aba xxx. [MASK] 11", "a <s>b  <s> é 漢 😀\n", "\uD83D lone \uDE00 halves \0", "Ａｂ ﬁ", "a\u0001b"];

    /// <summary>Opens a safetensors file and reads every tensor in every way.</summary>
    public static bool SafetensorsWorks(string path)
    {
        try
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var name in file.Tensors.Keys) ReadEveryWay(file, name);
            return true;
        }
        catch (PolymathException refusal)
        {
            Require(!refusal.Message.Contains('\n') && refusal.Message.StartsWith(path, StringComparison.Ordinal), $"a refusal is not one line with the file's name: {refusal.Message}");
            return false;
        }
    }

    /// <summary>Opens a file of torch.save and reads every tensor in every way.</summary>
    public static bool TorchFileWorks(string path)
    {
        try
        {
            using var file = Checkpoint.Open(path);
            var buffer = new byte[7];
            foreach (var name in file.Names)
            {
                var info = file.Info(name);
                using var tensor = file.Read(name);
                Require(tensor.shape.AsSpan().SequenceEqual(info.Shape) && tensor.numel() * tensor.element_size() == info.ByteLength, $"'{name}' was read with another size than the file says");
                using var stream = file.OpenBytes(name);
                long length = 0;
                for (int read; (read = stream.Read(buffer)) > 0;) length += read;
                Require(length == info.ByteLength, $"'{name}' gave another number of bytes");
            }
            return true;
        }
        catch (PolymathException refusal)
        {
            Require(!refusal.Message.Contains('\n') && refusal.Message.StartsWith(path, StringComparison.Ordinal), $"a refusal is not one line with the file's name: {refusal.Message}");
            return false;
        }
    }

    /// <summary>Opens a GGUF file, reads every tensor, then configuration, blocks and tokenizer of the model that it may be.</summary>
    public static bool GgufWorks(string path)
    {
        try
        {
            using (var file = GgufFile.Open(path))
            {
                foreach (var (name, tensor) in file.Tensors)
                {
                    using var values = file.Read(name);
                    Require(values.shape.AsSpan().SequenceEqual(tensor.Shape), $"'{name}' was read with another shape than the file says");
                }
            }
            using var model = GgufModel.Open(path);
            using var config = JsonDocument.Parse(model.ConfigJson);
            foreach (var name in model.Names)
            {
                using var values = model.Read(name);
                Require(values.shape.AsSpan().SequenceEqual(model.Info(name).Shape), $"'{name}' was read with another shape than the model says");
                _ = model.ReadBlocks(name);
            }
            var tokenizer = model.ReadTokenizer();
            foreach (var text in Texts) _ = tokenizer.Decode(tokenizer.Encode(text).Ids);
            _ = model.ChatTemplate;
            return true;
        }
        catch (PolymathException refusal)
        {
            Require(!refusal.Message.Contains('\n') && refusal.Message.StartsWith(path, StringComparison.Ordinal), $"a refusal is not one line with the file's name: {refusal.Message}");
            return false;
        }
    }

    /// <summary>Reads a tokenizer.json and uses it; also what is refused when it is first used counts as a refusal.</summary>
    public static bool TokenizerWorks(string json)
    {
        try
        {
            Use(Tokenizer.FromJson(json, "fuzz.json"));
            return true;
        }
        catch (PolymathException refusal)
        {
            Require(!refusal.Message.Contains('\n'), $"a refusal is not one line: {refusal.Message}");
            return false;
        }
    }

    /// <summary>Reads a sentencepiece file and uses it in every layout; true where one of them takes it.</summary>
    public static bool SentencePieceWorks(byte[] bytes)
    {
        var works = false;
        foreach (var layout in (Func<SentencePieceModel, SideFiles, TokenizerParts>[])[SentencePieceLayouts.T5, SentencePieceLayouts.XlmRoberta, SentencePieceLayouts.Llama])
        {
            try
            {
                Use(new Tokenizer(layout(SentencePieceModel.Parse(bytes, "fuzz.model"), SideFiles.None)));
                works = true;
            }
            catch (PolymathException refusal)
            {
                Require(!refusal.Message.Contains('\n'), $"a refusal is not one line: {refusal.Message}");
            }
        }
        return works;
    }

    /// <summary>Parses a chat template and renders conversations; true where one comes out.</summary>
    public static bool ChatTemplateWorks(string text)
    {
        try
        {
            var template = ChatTemplate.Parse(text, "fuzz.jinja", new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" });
            _ = template.Render([new ChatMessage("user", "Hi 😀\n"), new ChatMessage("assistant", "a</think>b"), new ChatMessage("user", "")], addGenerationPrompt: true);
            _ = template.Render([new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi")], addGenerationPrompt: false);
            return true;
        }
        catch (PolymathException refusal)
        {
            Require(!refusal.Message.Contains('\n') && refusal.Message.StartsWith("fuzz.jinja: ", StringComparison.Ordinal), $"a refusal is not one line with the file's name: {refusal.Message}");
            return false;
        }
    }

    private static void Use(Tokenizer tokenizer)
    {
        foreach (var text in Texts)
        {
            var encoding = tokenizer.Encode(text, "b ab");
            foreach (var span in encoding.Offsets)
                Require(span.Start >= 0 && span.Start <= span.End && span.End <= Math.Max(text.Length, 4), $"an offset {span.Start}..{span.End} lies outside the text");
            _ = tokenizer.Decode(encoding.Ids, skipSpecialTokens: false);
            _ = encoding.Tokens;
            _ = tokenizer.Encode(text, null, tokenizer.FileOptions);
        }
    }

    private static void ReadEveryWay(SafetensorsFile file, string name)
    {
        var info = file.Info(name);
        if (StoredTypes.Find(info.DType)!.Torch is not null)
        {
            using var tensor = file.Read(name);
            Require(tensor.shape.AsSpan().SequenceEqual(info.Shape) && tensor.numel() * tensor.element_size() == info.ByteLength, $"'{name}' was read with another size than its header says");
        }
        if (info.DType is "F32" or "F16" or "BF16" or "F64") Require(file.ReadFloats(name).Length == info.ElementCount, $"'{name}' gave another number of floats");
        else if (info.DType is "I64" or "I32" or "U8" or "BOOL") Require(file.ReadIntegers(name).Length == info.ElementCount, $"'{name}' gave another number of integers");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidDataException(otherwise);
    }
}
