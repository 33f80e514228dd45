using System.Runtime.InteropServices;
using System.Text.Json;
using Polymath.Features;

namespace Polymath.Tests;

/// <summary>The reference estimators' inputs and results (Golden/training/classical.*).</summary>
internal static class ClassicalReference
{
    public static JsonElement Facts { get; } = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("training", "classical.json"))).RootElement;

    public static FeatureMatrix X => Matrix("x");

    public static int[] Y => [.. MemoryMarshal.Cast<byte, long>(Read("y").Bytes).ToArray().Select(value => (int)value)];

    public static FeatureMatrix Matrix(string name)
    {
        var (shape, bytes) = Read(name);
        return new FeatureMatrix(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), shape[0], shape[1]);
    }

    public static double[] Numbers(this JsonElement element) => [.. element.EnumerateArray().Select(e => e.GetDouble())];

    public static int[] Integers(this JsonElement element) => [.. element.EnumerateArray().Select(e => e.GetInt32())];

    public static double[][] Rows(this JsonElement element) => [.. element.EnumerateArray().Select(Numbers)];

    private static (int[] Shape, byte[] Bytes) Read(string name)
    {
        var file = File.ReadAllBytes(TestFiles.Golden("training", "classical.safetensors"));
        var header = (int)BitConverter.ToInt64(file);
        var entry = JsonDocument.Parse(file.AsMemory(8, header)).RootElement.GetProperty(name);
        var offsets = entry.GetProperty("data_offsets").Integers();
        return (entry.GetProperty("shape").Integers(), file[(8 + header + offsets[0])..(8 + header + offsets[1])]);
    }
}
